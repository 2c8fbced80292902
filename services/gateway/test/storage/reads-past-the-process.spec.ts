import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import http, { type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findLibc } from '../../src/native/libc.js';
import type { ObjectReader } from '../../src/objects/object-store.js';
import { AnswerReader } from '../../src/storage/http/answer-reader.js';
import { DIRECT_BYTES } from '../../src/storage/http/body-source.js';
import { ConnectionPipe } from '../../src/storage/http/connection-pipe.js';
import { StorageHttp } from '../../src/storage/http/storage-http.js';
import type { RemoteEntry } from '../../src/storage/remote/remote-entry.js';
import type { RemoteFiles } from '../../src/storage/remote/remote-files.js';
import { RemoteOpenFile } from '../../src/storage/remote/remote-open-file.js';
import { toFileStat } from '../../src/storage/remote/to-file-stat.js';
import { parseStoragePath } from '../../src/storage/storage-path.js';
import { codeOf } from '../support/object-bodies.js';
import { openDescriptors } from '../support/open-descriptors.js';
import { pumped } from '../support/pumped-body.js';

const SIZE = DIRECT_BYTES + 9_000_017;
const CONTENT = randomBytes(SIZE);
const TAKEN_BYTES = 4096;
const LIMITS = { connectTimeoutMs: 2_000, idleTimeoutMs: 500, maxConcurrentRequests: 2, retries: 0 };

let listener: http.RequestListener;
let server: http.Server;
let storage: StorageHttp;
let url: string;

beforeEach(async () => {
  server = http.createServer((request, response) => listener(request, response));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`;
  storage = new StorageHttp({ limits: LIMITS });
  listener = (_, response) => void response.writeHead(200, { 'content-length': SIZE }).end(CONTENT);
});

afterEach(async () => {
  vi.restoreAllMocks();
  storage.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function open(skip = 0, length = SIZE): Promise<ObjectReader> {
  return new AnswerReader(await storage.follow({ method: 'GET', url, idempotent: true, large: true }), skip, length);
}

/** A file on a server that knows ranges, opened anew where it breaks off. */
function openFile(): ObjectReader {
  const entry: RemoteEntry = { name: 'file', kind: 'file', size: SIZE, mtimeMs: 1000, identity: '1' };
  const files = {
    traits: { atomicReplace: true, atomicCreate: true },
    read: async (_: unknown, __: unknown, start: number, end: number) => {
      const headers = { range: `bytes=${start}-${end - 1}` };
      const answer = await storage.follow({ method: 'GET', url, headers, idempotent: true, large: true });
      return new AnswerReader(answer, 0, end - start);
    },
  } as unknown as RemoteFiles;
  const file = new RemoteOpenFile(files, parseStoragePath('file'), entry, toFileStat(entry), () => true);
  let position = 0;
  return {
    read: async (buffer) => {
      const count = await file.read(buffer, position);
      position += count;
      return count;
    },
    send: (connection, length) => {
      const sent = file.send(connection, position, length);
      position += sent ?? 0;
      return sent;
    },
    close: () => file.close(),
  };
}

describe.skipIf(process.platform !== 'linux')('a large body of another server (needs Linux)', () => {
  it('goes from connection to connection, whole', async () => {
    const reader = await open();
    const { bytes, past } = await pumped(reader, SIZE);
    await reader.close();
    expect(bytes.equals(CONTENT)).toBe(true);
    expect(past).toBeGreaterThan(SIZE / 2);
  });

  it('arrives whole at a client that reads slowly, and leaves no pipe behind', async () => {
    const before = openDescriptors('pipe');
    const reader = await open();
    let chunks = 0;
    const { bytes } = await pumped(reader, SIZE, async () => {
      if (++chunks % 16 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    });
    await reader.close();
    expect(bytes.equals(CONTENT)).toBe(true);
    expect(openDescriptors('pipe')).toBe(before);
  });

  it('is sent from an offset of it, and no further than was asked for', async () => {
    const reader = await open(2_000_001, 5_000_003);
    const { bytes, past } = await pumped(reader, 5_000_003);
    await reader.close();
    expect(bytes.equals(CONTENT.subarray(2_000_001, 7_000_004))).toBe(true);
    expect(past).toBeGreaterThan(0);
  });

  it('comes in its order where much of it was there before anybody read', async () => {
    // The head in a packet of its own, so that the parser has read as much of the body as it may when the first byte is asked for.
    let sendBody = (): void => undefined;
    listener = (_, response) => {
      response.writeHead(200, { 'content-length': SIZE });
      response.flushHeaders();
      sendBody = () => void response.end(CONTENT);
    };
    const answer = await storage.follow({ method: 'GET', url, idempotent: true, large: true });
    const { body } = (answer as unknown as { readonly data: { readonly body: IncomingMessage } }).data;
    sendBody();
    await expect.poll(() => body.readableLength).toBe(body.readableHighWaterMark);
    const reader = new AnswerReader(answer, 0, SIZE);
    const lead = Buffer.alloc(body.readableLength);
    await reader.read(lead);
    // One that takes little, so that the rest of what has arrived is held in between.
    const target = findLibc()?.openPipe(TAKEN_BYTES) as { readonly out: number; readonly in: number };
    const sent = reader.send({ fd: target.in }, SIZE) ?? 0;
    // Time in which nothing must be read that comes behind what is held.
    await new Promise((resolve) => setTimeout(resolve, 20));
    const taken = Buffer.alloc(sent);
    fs.readSync(target.out, taken);
    fs.closeSync(target.out);
    fs.closeSync(target.in);
    const { bytes } = await pumped(reader, SIZE - lead.length - sent);
    reader.close();
    expect(sent).toBeGreaterThan(0);
    expect(Buffer.concat([lead, taken, bytes]).equals(CONTENT)).toBe(true);
  });

  it('comes in its order where its server is the slower one', async () => {
    listener = (_, response) => {
      response.writeHead(200, { 'content-length': SIZE });
      const next = (from: number): void => {
        if (from >= SIZE) return void response.end();
        response.write(CONTENT.subarray(from, from + 100_003), () => setImmediate(next, from + 100_003));
      };
      next(0);
    };
    const reader = await open();
    expect((await pumped(reader, SIZE)).bytes.equals(CONTENT)).toBe(true);
    await reader.close();
  });

  it.each([100_000, 5_000_000, SIZE - 1])('fails where it breaks off after %i bytes', async (length) => {
    const before = openDescriptors('pipe');
    listener = (_, response) => {
      response.writeHead(200, { 'content-length': SIZE });
      response.write(CONTENT.subarray(0, length), () => response.destroy());
    };
    const reader = await open();
    expect(await codeOf(() => pumped(reader, SIZE))).toBe('unavailable');
    await reader.close();
    expect(openDescriptors('pipe')).toBe(before);
  });

  it('goes on where it breaks off, with no byte twice and none missing', async () => {
    const requests: number[] = [];
    listener = (request, response) => {
      const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1]);
      requests.push(start);
      response.writeHead(206, { 'content-length': SIZE - start });
      if (requests.length > 3) response.end(CONTENT.subarray(start));
      else response.write(CONTENT.subarray(start, start + 1_500_000), () => response.destroy());
    };
    const reader = openFile();
    expect((await pumped(reader, SIZE)).bytes.equals(CONTENT)).toBe(true);
    await reader.close();
    expect(requests.length).toBeGreaterThan(3);
  });

  it('leaves no pipe and no connection behind where the client goes away', async () => {
    const before = openDescriptors('pipe');
    const closed = new Promise((resolve) => server.once('request', ({ socket }) => socket.once('close', resolve)));
    const reader = await open();
    await pumped(reader, SIZE, (_, answer) => void answer.destroy());
    await reader.close();
    await closed;
    expect(openDescriptors('pipe')).toBe(before);
  });

  it.each([
    ['there is no pipe to be had', true, { 'content-length': SIZE }],
    ['it has no length', false, {}],
  ])('goes through the process where %s', async (_, none, headers) => {
    if (none) vi.spyOn(ConnectionPipe, 'open').mockReturnValue(undefined);
    listener = (__, response) => void response.writeHead(200, headers).end(CONTENT);
    const reader = await open();
    const { bytes, past } = await pumped(reader, SIZE);
    await reader.close();
    expect(bytes.equals(CONTENT)).toBe(true);
    expect(past).toBe(0);
  });
});
