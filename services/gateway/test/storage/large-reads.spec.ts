import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { AnswerReader } from '../../src/storage/http/answer-reader.js';
import { DIRECT_BYTES } from '../../src/storage/http/body-source.js';
import type { HttpAnswer } from '../../src/storage/http/http-exchange.js';
import { StorageHttp } from '../../src/storage/http/storage-http.js';
import { codeOf } from '../support/object-bodies.js';

const SIZE = DIRECT_BYTES + 3 * 1024 * 1024 + 17;
const CONTENT = randomBytes(SIZE);
const IDLE_MS = 300;

/** One connection at once, so that one that is not given back shows. */
const LIMITS = { connectTimeoutMs: 2_000, idleTimeoutMs: IDLE_MS, maxConcurrentRequests: 1, retries: 0 };

const cleanUp: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const action of cleanUp.splice(0).toReversed()) await action();
});

interface Opened {
  readonly server: http.Server;
  readonly url: string;
  readonly storage: StorageHttp;
  get(large: boolean): Promise<HttpAnswer>;
}

async function open(answer: http.RequestListener): Promise<Opened> {
  const server = http.createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`;
  const storage = new StorageHttp({ limits: LIMITS });
  cleanUp.push(
    async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
    () => storage.close(),
  );
  return { server, url, storage, get: (large) => storage.follow({ method: 'GET', url, idempotent: true, large }) };
}

const whole: http.RequestListener = (_, response) =>
  void response.writeHead(200, { 'content-length': SIZE }).end(CONTENT);
const inChunks: http.RequestListener = (_, response) => void response.writeHead(200).end(CONTENT);

async function readAll(reader: AnswerReader, bufferSize: number): Promise<Buffer> {
  const buffer = Buffer.alloc(bufferSize);
  const pieces: Buffer[] = [];
  for (;;) {
    const count = await reader.read(buffer);
    if (count === 0) return Buffer.concat(pieces);
    pieces.push(Buffer.from(buffer.subarray(0, count)));
  }
}

describe.each([
  ['past the parser', true],
  ['through the parser', false],
])('a large body, %s', (_, large) => {
  it.each([
    ['of a known length', whole],
    ['in chunks', inChunks],
  ])('%s comes byte by byte as it was sent, whatever it is read into', async (__, listener) => {
    const { get } = await open(listener);
    for (const bufferSize of [1024 * 1024, 64 * 1024 + 1, 2 * SIZE]) {
      const reader = new AnswerReader(await get(large), 0, SIZE);
      expect((await readAll(reader, bufferSize)).equals(CONTENT)).toBe(true);
      reader.close();
    }
  });

  it('is read from an offset of it, and no further than was asked for', async () => {
    const { get } = await open(whole);
    const reader = new AnswerReader(await get(large), 2_000_001, 1_000_003);
    expect((await readAll(reader, 300_000)).equals(CONTENT.subarray(2_000_001, 3_000_004))).toBe(true);
    // The only slot has been given back.
    (await get(large)).drop();
  });

  it('waits for who reads slowly, and nothing of it is overwritten meanwhile', async () => {
    const { get } = await open(whole);
    const reader = new AnswerReader(await get(large), 0, SIZE);
    const buffer = Buffer.alloc(200_000);
    const pieces: Buffer[] = [];
    for (let count = -1, turn = 0; count !== 0; turn++) {
      // Long enough for the kernel to have more, and longer than a server may be silent.
      if (turn % 12 === 0) await new Promise((resolve) => setTimeout(resolve, turn === 0 ? IDLE_MS + 50 : 5));
      count = await reader.read(buffer);
      pieces.push(Buffer.from(buffer.subarray(0, count)));
    }
    expect(Buffer.concat(pieces).equals(CONTENT)).toBe(true);
  });

  it.each([0, 100_000, SIZE - 1])('fails where it breaks off after %i bytes', async (bytes) => {
    const { get } = await open((request, response) => {
      if (request.headers['x-short'] === undefined) response.writeHead(200, { 'content-length': SIZE });
      response.flushHeaders();
      response.write(CONTENT.subarray(0, bytes), () => response.destroy());
    });
    const reader = new AnswerReader(await get(large), 0, SIZE);
    expect(await codeOf(() => readAll(reader, 1024 * 1024))).toBe('unavailable');
    reader.close();
    (await get(large)).drop();
  });

  it('fails where nothing more comes', async () => {
    const { get } = await open((_, response) => {
      response.writeHead(200, { 'content-length': SIZE }).write(CONTENT.subarray(0, 2_000_000));
    });
    const reader = new AnswerReader(await get(large), 0, SIZE);
    await expect(readAll(reader, 1024 * 1024)).rejects.toThrow(/stopped in the middle of an answer/);
    reader.close();
    (await get(large)).drop();
  });

  it('may be left in the middle: its connection ends and the next one is served', async () => {
    const { get, server } = await open(whole);
    const reader = new AnswerReader(await get(large), 0, SIZE);
    await reader.read(Buffer.alloc(100_000));
    const closed = new Promise((resolve) => server.once('request', (request) => request.socket.once('close', resolve)));
    reader.close();
    const next = new AnswerReader(await get(large), 0, SIZE);
    expect((await readAll(next, 1024 * 1024)).equals(CONTENT)).toBe(true);
    next.close();
    if (large) await closed;
  });

  it('is no more than its length, whatever comes behind it', async () => {
    const { get } = await open((_, response) => {
      response.socket?.write(`HTTP/1.1 200 OK\r\nContent-Length: ${SIZE}\r\n\r\n`);
      response.socket?.write(CONTENT);
      response.socket?.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil');
    });
    const reader = new AnswerReader(await get(large), 0, SIZE);
    expect((await readAll(reader, 1024 * 1024)).equals(CONTENT)).toBe(true);
    reader.close();
  });
});

describe('a request whose answer will be large', () => {
  it('gives what is not: a refusal, a small file', async () => {
    const { get } = await open((_, response) => void response.writeHead(404, { 'content-length': 4 }).end('none'));
    const answer = await get(true);
    expect([answer.status, await answer.text(100)]).toEqual([404, 'none']);
  });

  it.each([
    ['a server that does not answer', () => undefined, /does not answer \(UND_ERR_HEADERS_TIMEOUT\)/],
    [
      'one that breaks the connection',
      (request: http.IncomingMessage) => void request.destroy(),
      /broke the connection/,
    ],
  ])('fails as all others do: %s', async (_, listener, message) => {
    const { get } = await open(listener);
    await expect(get(true)).rejects.toThrow(message);
    await expect(get(true)).rejects.toThrow(message);
  });

  it('fails where nobody listens', async () => {
    const { get, server } = await open(whole);
    server.close();
    await once(server, 'close');
    cleanUp.splice(0, 1);
    await expect(get(true)).rejects.toThrow(/refuses connections/);
  });

  it('follows redirects as all others do, and no further', async () => {
    const { get } = await open(
      (_, response) => void response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
    );
    await expect(get(true)).rejects.toThrow(/redirects|address/);
  });
});
