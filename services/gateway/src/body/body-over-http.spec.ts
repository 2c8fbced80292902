import { hash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CollectingSink, encodeChunks, fakeRequest, FakeChunkSigner } from '../../test/support/body-fixtures.js';
import { S3Error } from '../errors/s3-error.js';
import { HeaderMap } from '../http/header-map.js';
import type { S3Request } from '../http/s3-request.js';
import type { BodyFraming } from './body-framing.js';
import { lentPieces } from './piece-pool.js';
import { readDocument } from './request-document.js';
import { createUploadBody } from './upload-body.js';

const PLAIN: BodyFraming = { kind: 'plain' };
const HELLO = Buffer.from('hello world');

let server: Server;
let sink: CollectingSink;
let framing: BodyFraming;
let sockets: Socket[];
/** What the last request came to: an MD5, or an error code. */
let outcomes: string[];
let handle: (request: S3Request) => Promise<string>;

beforeEach(async () => {
  sink = new CollectingSink();
  framing = PLAIN;
  sockets = [];
  outcomes = [];
  handle = async (request) => (await createUploadBody(request, framing).transfer(sink)).md5;
  server = createServer((raw, response) => void respond(raw, response));
  // As the gateway does it: nobody is told to continue before the gate has let the request through.
  server.on('checkContinue', (raw: IncomingMessage, response) => server.emit('request', raw, response));
  await once(server.listen(0, '127.0.0.1'), 'listening');
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  expect(lentPieces()).toBe(0);
});

async function respond(raw: IncomingMessage, response: ServerResponse): Promise<void> {
  const outcome = await answer(raw, () => response.writeContinue());
  outcomes.push(outcome);
  response.shouldKeepAlive = false;
  response.end(outcome);
  server.emit('outcome');
}

async function answer(raw: IncomingMessage, sendContinue: () => void): Promise<string> {
  const headers = HeaderMap.parse(raw.rawHeaders);
  const waits = headers.get('expect') === '100-continue';
  try {
    return await handle({ ...fakeRequest({}, raw), headers, sendContinue: () => void (waits && sendContinue()) });
  } catch (error) {
    return error instanceof S3Error ? error.code : String(error);
  }
}

function dial(): Socket {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => undefined);
  sockets.push(socket);
  return socket;
}

/** Sends bytes as they are and gives everything that comes back until the server closes. */
async function exchange(...parts: readonly (string | Buffer)[]): Promise<string> {
  const socket = dial();
  for (const part of parts) socket.write(part);
  return text(socket);
}

function head(headers: Record<string, string | number>): string {
  const lines = Object.entries({ Host: 'localhost', Connection: 'close', ...headers });
  return `PUT /bucket/key HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}

describe('bodies over a socket', () => {
  it('takes a small body in one read without copying it', async () => {
    expect(await exchange(Buffer.concat([Buffer.from(head({ 'Content-Length': 11 })), HELLO]))).toContain(
      hash('md5', HELLO),
    );
    expect(sink.pieces).toEqual([HELLO]);
  });

  it.each([11, 70_000, 3_000_000])(
    'leaves a connection that can take the next request after %i bytes',
    async (size) => {
      handle = async (request) => {
        await createUploadBody(request, PLAIN).transfer(sink);
        return String(request.raw.complete);
      };
      await exchange(head({ 'Content-Length': size }), Buffer.alloc(size));
      expect(outcomes).toEqual(['true']);
    },
  );

  it('takes 20 MB with a sink that is slower than the client', async () => {
    sink = new CollectingSink(() => new Promise((resolve) => setImmediate(resolve)));
    const bytes = Buffer.alloc(20_000_000, 'every byte counts ');
    expect(await exchange(head({ 'Content-Length': bytes.length }), bytes)).toContain(hash('md5', bytes));
    expect(sink.pieces.slice(0, -1).every((piece) => piece.length === 1024 * 1024)).toBe(true);
    expect(sink.bytes.equals(bytes)).toBe(true);
  });

  it('takes aws-chunked within HTTP chunks', async () => {
    framing = { kind: 'aws-chunked', trailer: false, signer: new FakeChunkSigner() };
    const wire = Buffer.concat(encodeChunks([Buffer.alloc(100_000, 'x'), HELLO], { signed: true }));
    const http = head({ 'Transfer-Encoding': 'chunked', 'x-amz-decoded-content-length': 100_011 });
    await exchange(http, `${wire.length.toString(16)}\r\n`, wire, '\r\n0\r\n\r\n');
    expect(sink.bytes.length).toBe(100_011);
  });

  it('asks for the body only when it starts to read', async () => {
    const socket = dial();
    socket.write(head({ 'Content-Length': 11, Expect: '100-continue' }));
    const [first] = (await once(socket, 'data')) as [Buffer];
    expect(first.toString()).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write(HELLO);
    expect(await text(socket)).toContain(hash('md5', HELLO));
  });

  it('does not ask for a body that its headers already condemn', async () => {
    const answered = await exchange(head({ 'Content-Length': 11, 'Content-MD5': 'x', Expect: '100-continue' }));
    expect(answered).not.toContain('100 Continue');
    expect(outcomes).toEqual(['InvalidDigest']);
  });

  it('refuses a put without a length', async () => {
    await exchange(head({}));
    await exchange(head({ 'Transfer-Encoding': 'chunked' }), 'b\r\nhello world\r\n0\r\n\r\n');
    expect(outcomes).toEqual(['MissingContentLength', 'MissingContentLength']);
  });

  it.each([
    ['a body of known length', { 'Content-Length': 5_000_000 }, Buffer.alloc(3_000_000)],
    ['an HTTP-chunked body', { 'Transfer-Encoding': 'chunked', 'x-amz-decoded-content-length': 11 }, 'b\r\nhello'],
  ])('fails when the client goes away in the middle of %s', async (_, headers, part) => {
    const socket = dial();
    socket.write(head(headers));
    socket.write(part, () => socket.destroy());
    await once(server, 'outcome');
    expect(outcomes).toEqual(['IncompleteBody']);
  });

  it.each([
    [
      'both Content-Length and Transfer-Encoding',
      'Content-Length: 11\r\nTransfer-Encoding: chunked',
      'b\r\nhello world\r\n0\r\n\r\n',
    ],
    [
      'two transfer encodings',
      'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity',
      'b\r\nhello world\r\n0\r\n\r\n',
    ],
    ['an obscured transfer encoding', 'Transfer-Encoding: xchunked', 'b\r\nhello world\r\n0\r\n\r\n'],
    [
      'a negative HTTP chunk',
      'Transfer-Encoding: chunked\r\nx-amz-decoded-content-length: 11',
      '-b\r\nhello world\r\n0\r\n\r\n',
    ],
    [
      'a lone LF in HTTP chunks',
      'Transfer-Encoding: chunked\r\nx-amz-decoded-content-length: 11',
      'b\nhello world\n0\n\n',
    ],
  ])('stores nothing for a request with %s', async (_, headers, body) => {
    const answered = await exchange(`PUT /b/k HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n\r\n${body}`);
    expect(answered).toMatch(/^HTTP\/1\.1 400 /);
    expect(sink.pieces).toEqual([]);
  });

  it('gives up on a client that stalls in the middle', async () => {
    handle = async (request) => (await createUploadBody(request, PLAIN, { idleTimeout: 30 }).transfer(sink)).md5;
    expect(await exchange(head({ 'Content-Length': 11 }), 'hello')).toContain('RequestTimeout');
  });

  it('does not read on after it has refused', async () => {
    framing = { kind: 'aws-chunked', trailer: false };
    let read = 0;
    const before = handle;
    handle = (request) => {
      request.raw.on('data', (chunk: Buffer) => (read += chunk.length));
      return before(request);
    };
    const socket = dial();
    socket.write(head({ 'Content-Length': 50_000_000, 'x-amz-decoded-content-length': 49_000_000 }));
    socket.write(Buffer.alloc(50_000_000, 'z'));
    await once(server, 'outcome');
    expect(outcomes).toEqual(['IncompleteBody']);
    expect(read).toBeLessThan(1_000_000);
  });

  it('reads a document, and no more of it than the limit', async () => {
    handle = async (request) => (await readDocument(request, PLAIN, { limit: 300_000 })).toString('latin1', 0, 3);
    expect(await exchange(head({ 'Content-Length': 300_000 }), Buffer.alloc(300_000, 'abc'))).toContain('abc');
    await exchange(head({ 'Content-Length': 300_001 }));
    expect(outcomes[1]).toBe('MaxMessageLengthExceeded');
  });

  it('takes what the SDK makes of a stream: unsigned chunks with a checksum behind them', async () => {
    handle = async (request) => {
      expect(request.headers.get('x-amz-content-sha256')).toBe('STREAMING-UNSIGNED-PAYLOAD-TRAILER');
      const digests = await createUploadBody(request, { kind: 'aws-chunked', trailer: true }).transfer(sink);
      outcomes.push(String(digests.checksum?.algorithm));
      return '';
    };
    const client = new S3Client({
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
    });
    const bytes = Buffer.alloc(3_000_000, 'streamed ');
    const Body = Readable.from([bytes.subarray(0, 100_000), bytes.subarray(100_000)], { objectMode: false });
    await client.send(
      new PutObjectCommand({
        Bucket: 'bucket',
        Key: 'key',
        Body,
        ContentLength: bytes.length,
        ChecksumAlgorithm: 'CRC64NVME',
      }),
    );
    client.destroy();
    expect(outcomes).toEqual(['CRC64NVME', '']);
    expect(sink.bytes.equals(bytes)).toBe(true);
  });
});
