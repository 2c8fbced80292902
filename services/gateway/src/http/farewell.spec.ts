import { once } from 'node:events';
import { Agent, createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sayFarewell } from './farewell.js';

const LONG_MS = 60_000;

describe('sayFarewell', () => {
  let server: Server;
  let agent: Agent;

  beforeEach(async () => {
    agent = new Agent({ keepAlive: true, maxSockets: 1 });
    server = createServer((_, response) => response.writeHead(200, ['Content-Length', '2']).end('ok'));
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  afterEach(async () => {
    agent.destroy();
    server.closeAllConnections();
    await once(server.close(), 'close');
  });

  async function ask(): Promise<{ answer: IncomingMessage; socket: Socket }> {
    const { port } = server.address() as AddressInfo;
    const [answer] = (await once(get({ host: '127.0.0.1', port, agent }), 'response')) as [IncomingMessage];
    // The agent takes it away at the answer's end.
    const { socket } = answer;
    await answer.toArray();
    return { answer, socket };
  }

  it('serves a connection once more, tells its client, and ends with the last one', async () => {
    const before = await ask();
    expect(before.answer.headers.connection).toBe('keep-alive');
    const farewell = sayFarewell(server, LONG_MS);
    const last = await ask();
    expect(last.socket).toBe(before.socket);
    expect(last.answer).toMatchObject({ statusCode: 200, headers: { connection: 'close' } });
    await farewell;
  });

  it('does not wait for a client that asks nothing', async () => {
    const { socket } = await ask();
    await sayFarewell(server, 1);
    expect(socket.destroyed).toBe(false);
  });

  it('has nothing to wait for without connections', async () => {
    await sayFarewell(server, LONG_MS);
  });
});
