import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDescriptors } from '../../test/support/open-descriptors.js';
import { makeStorage, type StorageFixture } from '../../test/support/storage-fixture.js';
import { hasOpenssl, makeCertificate } from '../../test/support/tls-front.js';
import { lentPieces } from '../body/piece-pool.js';
import { findLibc } from '../native/libc.js';
import type { ObjectReader } from '../objects/object-store.js';
import { DIRECT_CALLS, QUEUED_CALLS, type FileCalls } from '../storage/local/file-calls.js';
import { parseStoragePath } from '../storage/storage-path.js';
import { pumpBody } from './response-pump.js';

const SIZE = 12_345_678;
const CONTENT = randomBytes(SIZE);

let storage: StorageFixture;
let server: http.Server;
/** Bytes that went past the process in the last answer. */
let direct: number;
let handle: (response: ServerResponse) => Promise<void>;
let outcomes: (number | string)[];

beforeEach(async () => {
  direct = 0;
  outcomes = [];
  handle = (response) => answer(response, 0, SIZE);
  server = http.createServer((request, response) => serve(request, response));
  await once(server.listen(0, '127.0.0.1'), 'listening');
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await expect.poll(lentPieces).toBe(0);
  storage.close();
});

function prepare(calls: FileCalls = DIRECT_CALLS): void {
  storage = makeStorage({ calls });
  fs.writeFileSync(path.join(storage.root, 'large'), CONTENT);
}

function serve(_: IncomingMessage, response: ServerResponse): void {
  handle(response).then(
    () => server.emit('outcome'),
    (error: unknown) => {
      outcomes.push(String(error));
      response.destroy();
      server.emit('outcome');
    },
  );
}

async function answer(response: ServerResponse, start: number, end: number): Promise<void> {
  const file = await storage.driver.open(parseStoragePath('large'));
  let position = start;
  const reader: ObjectReader = {
    read: async (buffer) => {
      const count = await file.read(buffer.subarray(0, end - position), position);
      position += count;
      return count;
    },
    send: async (connection, length) => {
      const sent = (await file.send?.(connection, position, Math.min(length, end - position))) ?? 0;
      position += sent;
      direct += sent;
      return sent;
    },
    close: () => file.close(),
  };
  response.writeHead(200, { 'Content-Length': end - start });
  try {
    outcomes.push(await pumpBody(response, { reader, length: end - start }));
    response.end();
  } finally {
    await file.close();
  }
}

function port(of: net.Server = server): number {
  return (of.address() as AddressInfo).port;
}

async function fetched(agent?: http.Agent): Promise<Buffer> {
  const request = http.get({ port: port(), host: '127.0.0.1', ...(agent && { agent }) });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe.skipIf(process.platform !== 'linux')('a large body from a local file (needs Linux)', () => {
  it('can be handed to the kernel at all', () => {
    prepare();
    expect(findLibc()).toBeDefined();
  });

  it.each([
    ['a local filesystem', DIRECT_CALLS],
    ['a filesystem whose calls may take long', QUEUED_CALLS],
  ])('goes past the process, whole: %s', async (_, calls) => {
    prepare(calls);
    expect(hashOf(await fetched())).toBe(hashOf(CONTENT));
    expect(direct).toBeGreaterThan(SIZE / 2);
    await expect.poll(() => outcomes).toEqual([SIZE]);
  });

  it('leaves a connection on which the next answer follows', async () => {
    prepare();
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    handle = (response) => answer(response, 1000, 2_000_001);
    for (let turn = 0; turn < 3; turn++) {
      expect(hashOf(await fetched(agent))).toBe(hashOf(CONTENT.subarray(1000, 2_000_001)));
    }
    agent.destroy();
  });

  it('answers requests that came at once in their order', async () => {
    prepare();
    let turn = 0;
    handle = (response) => answer(response, 0, 1_000_000 + turn++);
    const socket = net.connect(port(), '127.0.0.1');
    socket.write(
      'GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(2) + 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    );
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    let bytes = Buffer.concat(chunks);
    for (let index = 0; index < 3; index++) {
      const begin = bytes.indexOf('\r\n\r\n') + 4;
      const end = begin + 1_000_000 + index;
      expect(bytes.toString('latin1', 0, begin)).toContain(`Content-Length: ${1_000_000 + index}\r\n`);
      expect(bytes.subarray(begin, end).equals(CONTENT.subarray(0, 1_000_000 + index))).toBe(true);
      bytes = bytes.subarray(end);
    }
    expect(bytes).toHaveLength(0);
  });

  it('arrives whole at a client that reads slowly', async () => {
    prepare();
    const socket = net.connect(port(), '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    const chunks: Buffer[] = [];
    for await (const chunk of socket) {
      chunks.push(chunk as Buffer);
      if (chunks.length % 16 === 0) await new Promise((resolve) => void setImmediate(resolve));
    }
    const bytes = Buffer.concat(chunks);
    expect(hashOf(bytes.subarray(bytes.indexOf('\r\n\r\n') + 4))).toBe(hashOf(CONTENT));
  });

  it('breaks the connection off where the file has become shorter', async () => {
    prepare();
    const before = handle;
    handle = (response) => {
      fs.truncateSync(path.join(storage.root, 'large'), 5_000_000);
      return before(response);
    };
    await expect(fetched()).rejects.toThrow('aborted');
    expect(outcomes).toEqual(['Error: The object ended before its length.']);
  });

  it('holds no descriptor once the client is gone', async () => {
    prepare();
    const sockets = (): number => openDescriptors('socket');
    const before = sockets();
    const socket = net.connect(port(), '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(socket, 'data');
    const ended = once(server, 'outcome');
    socket.destroy();
    await ended;
    expect(outcomes[0]).toBeLessThan(SIZE);
    await expect.poll(sockets).toBe(before);
  });

  it.skipIf(!hasOpenssl())('goes through the process over TLS (needs openssl)', async () => {
    prepare();
    using certificate = makeCertificate();
    const secure = https.createServer({ key: certificate.key, cert: certificate.certificate }, serve);
    await once(secure.listen(0, '127.0.0.1'), 'listening');
    const ca = fs.readFileSync(certificate.caFile);
    const request = https.get({ port: port(secure), host: '127.0.0.1', ca, agent: false });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    expect(hashOf(Buffer.concat(chunks))).toBe(hashOf(CONTENT));
    expect(direct).toBe(0);
    secure.close();
  });
});
