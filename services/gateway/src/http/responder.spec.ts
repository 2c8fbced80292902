import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import type { Buckets } from '../objects/buckets.js';
import type { ObjectReader } from '../objects/object-store.js';
import { NoRequestObserver } from '../observability/request-observer.js';
import { Exchange } from './exchange.js';
import { Responder } from './responder.js';

async function answerWith(reader: ObjectReader, length: number): Promise<Response> {
  const responder = new Responder(new NoRequestObserver(), {} as Buckets);
  const server = createServer((request, response) => {
    const exchange = new Exchange(request, response, '/bucket/key', false);
    const answer = { status: 200, headers: ['Content-Length', String(length)], body: { length, reader } };
    responder.send(exchange, answer).catch((error: unknown) => responder.sendError(exchange, error));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/bucket/key`);
    return new Response(await answer.text(), answer);
  } finally {
    server.close();
  }
}

it('sends what is in memory as it is', async () => {
  const answer = await answerWith({ content: Buffer.from('hello'), read: () => 0, close: () => undefined }, 5);
  expect(answer.status).toBe(200);
  expect(await answer.text()).toBe('hello');
});

it('does not promise more than there is of a file that was cut short while it was read', async () => {
  const answer = await answerWith({ content: Buffer.from('hello'), read: () => 0, close: () => undefined }, 1000);
  expect(answer.status).toBe(500);
  expect(await answer.text()).toContain('<Code>InternalError</Code>');
});
