import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { crc32 } from 'node:zlib';
import { AbuseTarget } from '../support/abuse-target.js';
import type { RawResponse } from '../support/raw-connection.js';
import { signChunks, signHead, signedRequest, type RawRequest } from '../support/raw-request.js';
import { MAIN } from '../support/running-gateway.js';

let target: AbuseTarget;
beforeAll(async () => void (target = await AbuseTarget.start()));
afterAll(() => target[Symbol.asyncDispose]());
afterEach(() => target.unharmed());

const SIGNED = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD';
const SIGNED_TRAILER = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER';
const UNSIGNED_TRAILER = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';

interface Upload {
  readonly payload?: string;
  /** Decoded length as declared; none at all where it is undefined. */
  readonly decoded?: number | string | undefined;
  readonly trailer?: string;
  readonly headers?: Record<string, string>;
  readonly key?: string;
}

/** Uploads over the old object, with a body that is framed as the test likes. */
async function upload(body: string | Buffer, sketch: Upload = {}): Promise<RawResponse> {
  const { payload = UNSIGNED_TRAILER, decoded, trailer, key = 'old' } = sketch;
  const headers = {
    'content-encoding': 'aws-chunked',
    ...(decoded !== undefined && { 'x-amz-decoded-content-length': String(decoded) }),
    ...(trailer !== undefined && { 'x-amz-trailer': trailer }),
    ...sketch.headers,
  };
  return target.signed({ method: 'PUT', target: `/victim/${key}`, headers, payload, body });
}

const outcome = ({ status, code }: RawResponse): [number, string] => [status, code];
const crc = (text: string): string => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(text));
  return bytes.toString('base64');
};

describe('an aws-chunked body', () => {
  const evil = '4\r\nevil\r\n0\r\n\r\n';

  it.each([
    ['ends in a chunk', '4\r\nev', 4],
    ['ends behind a chunk', '4\r\nevil\r\n', 4],
    ['ends behind the size of the final chunk', '4\r\nevil\r\n0\r\n', 4],
    ['ends in a size', '4', 4],
    ['is empty', '', 0],
    ['goes on behind the final chunk', `${evil}more`, 4],
    ['has a request behind the final chunk', `${evil}DELETE /victim/old HTTP/1.1\r\n\r\n`, 4],
    ['has no framing', 'evil', 4],
    ['has a size of 2^64-1', `ffffffffffffffff\r\nevil\r\n0\r\n\r\n`, 4],
    ['has a size of 17 digits', `00000000000000004\r\nevil\r\n0\r\n\r\n`, 4],
    ['has a negative size', `-1\r\nevil\r\n0\r\n\r\n`, 4],
    ['has a size with 0x', `0x4\r\nevil\r\n0\r\n\r\n`, 4],
    ['has a size with a space before', ` 4\r\nevil\r\n0\r\n\r\n`, 4],
    ['has a size with a space behind', `4 \r\nevil\r\n0\r\n\r\n`, 4],
    ['has a size with a sign', `+4\r\nevil\r\n0\r\n\r\n`, 4],
    ['has no size', `\r\nevil\r\n0\r\n\r\n`, 4],
    ['has a chunk extension', `4;a=b\r\nevil\r\n0\r\n\r\n`, 4],
    ['has a signature where none is due', `4;chunk-signature=${'0'.repeat(64)}\r\nevil\r\n0\r\n\r\n`, 4],
    ['ends its lines in a lone LF', '4\nevil\n0\n\n', 4],
    ['has no line end behind a chunk', '4\r\nevil0\r\n\r\n', 4],
    ['has less than it declares', evil, 5],
    ['has more than it declares', evil, 3],
    ['has trailing fields that were not announced', '4\r\nevil\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n', 4],
  ])('does not become an object when it %s', async (_name, body, decoded) => {
    const { status, code } = await upload(body, { decoded });
    expect([status, code]).toEqual([400, expect.stringMatching(/^(IncompleteBody|MalformedTrailerError)$/)]);
  });

  it('does not take memory by a chunk header of 10 MB', async () => {
    const { status } = await upload(Buffer.concat([Buffer.from('4;'), Buffer.alloc(10 * 1024 * 1024, 0x61)]), {
      decoded: 4,
    });
    expect(status).toBe(400);
  });

  it.each([
    [undefined, 411],
    ['-1', 400],
    ['1e3', 400],
    ['0x4', 400],
    ['4,4', 400],
    ['', 400],
    ['9223372036854775808', 400],
    ['9'.repeat(40), 400],
  ])('is not stored by the decoded length "%s" without a check', async (decoded, status) => {
    expect((await upload(evil, { decoded })).status).toBe(status);
  });

  it('does not replace the old object where the connection ends in it', async () => {
    await using connection = await target.connect();
    const request = { method: 'PUT', target: '/victim/old', payload: UNSIGNED_TRAILER, length: 5_000_000 };
    const { head } = await signHead({ ...request, headers: { 'x-amz-decoded-content-length': '4900000' } }, MAIN);
    connection.write(head).write(`4ac4a0\r\n${'x'.repeat(3_000_000)}`);
    connection.socket.end();
    await connection.closed();
  });
});

describe('a signed aws-chunked body', () => {
  const payloads = [1, 2, 3, 4].map((n) => Buffer.alloc(8192, n));

  async function send(
    change: (chunks: Buffer[]) => Buffer[],
    pieces = payloads,
    payload = SIGNED,
  ): Promise<RawResponse> {
    const headers = {
      'content-encoding': 'aws-chunked',
      'x-amz-decoded-content-length': String(Buffer.concat(pieces).length),
      ...(payload === SIGNED_TRAILER && { 'x-amz-trailer': 'x-amz-checksum-crc32' }),
    };
    const trailer = `x-amz-checksum-crc32:${crc(Buffer.concat(pieces).toString('latin1'))}`;
    const request: RawRequest = { method: 'PUT', target: '/victim/old', headers, payload };
    const length = Buffer.concat(
      signChunks(
        pieces,
        { head: '', signature: '', date: '20260101T000000Z' },
        {
          identity: MAIN,
          ...(payload === SIGNED_TRAILER && { trailer }),
        },
      ),
    ).length;
    const seed = await signHead({ ...request, length }, MAIN);
    const chunks = signChunks(pieces, seed, { identity: MAIN, ...(payload === SIGNED_TRAILER && { trailer }) });
    return target.send(Buffer.concat([Buffer.from(seed.head), ...change(chunks)]));
  }

  it('is stored where nothing is wrong with it', async () => {
    expect((await send((chunks) => chunks)).status).toBe(200);
    expect(await target.read('victim/old')).toEqual(Buffer.concat(payloads));
    expect((await send((chunks) => chunks, payloads, SIGNED_TRAILER)).status).toBe(200);
    expect((await target.signed({ method: 'PUT', target: '/victim/old', body: 'the old bytes' })).status).toBe(200);
  });

  it.each<[string, (chunks: Buffer[]) => Buffer[], string]>([
    [
      'has a chunk of which a byte was changed',
      (chunks) => (chunks[2]!.writeUInt8(0xff, 200), chunks),
      'SignatureDoesNotMatch',
    ],
    [
      'has a wrong signature in the third chunk of five',
      (chunks) => (chunks[2]!.write('0000', chunks[2]!.indexOf('=') + 1), chunks),
      'SignatureDoesNotMatch',
    ],
    [
      'has a wrong signature in the final chunk',
      (chunks) => (chunks[4]!.write('0000', chunks[4]!.indexOf('=') + 1), chunks),
      'SignatureDoesNotMatch',
    ],
    ['has its chunks in another order', ([a, b, c, ...rest]) => [a!, c!, b!, ...rest], 'SignatureDoesNotMatch'],
    ['has a chunk twice in place of another', ([a, , ...rest]) => [a!, a!, ...rest], 'SignatureDoesNotMatch'],
    [
      'leaves the signatures out',
      (chunks) => {
        const bare = Buffer.concat([Buffer.from('8000\r\n'), Buffer.concat(payloads), Buffer.from('\r\n0\r\n\r\n')]);
        return [bare, Buffer.alloc(Buffer.concat(chunks).length - bare.length, 0x20)];
      },
      'IncompleteBody',
    ],
  ])('does not become an object when it %s', async (_name, change, code) => {
    const { status, code: answered } = await send(change);
    expect([answered, status]).toEqual([code, code === 'IncompleteBody' ? 400 : 403]);
  });

  it('does not come in ever smaller chunks', async () => {
    const { code } = await send((chunks) => chunks, [Buffer.alloc(8191, 1), Buffer.alloc(10, 2)]);
    expect(code).toBe('InvalidChunkSizeError');
  });

  it('does not get a trailer that was signed for another checksum', async () => {
    const { status, code } = await send(
      (chunks) => [
        ...chunks.slice(0, -1),
        Buffer.from(
          chunks
            .at(-1)!
            .toString()
            .replace(/crc32:..../, 'crc32:AAAA'),
        ),
      ],
      payloads,
      SIGNED_TRAILER,
    );
    expect([status, code]).toEqual([403, 'SignatureDoesNotMatch']);
  });
});

describe('a trailer', () => {
  const chunks = '4\r\nevil\r\n0\r\n';
  const name = 'x-amz-checksum-crc32';

  it.each([
    ['is missing', '\r\n', name, 'MalformedTrailerError'],
    ['has another name', `x-amz-checksum-sha1:${crc('evil')}\r\n\r\n`, name, 'MalformedTrailerError'],
    ['comes twice', `${name}:${crc('evil')}\r\n${name}:${crc('evil')}\r\n\r\n`, name, 'MalformedTrailerError'],
    ['has a header of the request', `x-amz-meta-a:b\r\n\r\n`, name, 'MalformedTrailerError'],
    ['has the checksum of other bytes', `${name}:${crc('good')}\r\n\r\n`, name, 'BadDigest'],
    ['has a short checksum', `${name}:AAA=\r\n\r\n`, name, 'InvalidRequest'],
    ['has no base64', `${name}:????????\r\n\r\n`, name, 'InvalidRequest'],
    ['has no value', `${name}:\r\n\r\n`, name, 'InvalidRequest'],
    ['is announced as no checksum', `x-a:b\r\n\r\n`, 'x-a', 'InvalidRequest'],
    ['is announced twice', `${name}:${crc('evil')}\r\n\r\n`, `${name},x-amz-checksum-sha1`, 'InvalidRequest'],
    ['is without end', `${name}:${'A'.repeat(100_000)}`, name, 'MalformedTrailerError'],
  ])('does not vouch for a body when it %s', async (_name, end, trailer, code) => {
    expect(outcome(await upload(chunks + end, { decoded: 4, trailer }))).toEqual([400, code]);
  });

  it('is not announced for a body that has none', async () => {
    const answer = await upload('evil', {
      payload: 'UNSIGNED-PAYLOAD',
      trailer: name,
      headers: { 'content-encoding': '' },
    });
    expect(outcome(answer)).toEqual([400, 'InvalidRequest']);
  });
});

describe('a digest', () => {
  it.each([
    [{ 'content-md5': 'XrY7u+Ae7tCTyyK7j1rNww==' }, 'BadDigest'],
    [{ 'content-md5': 'XrY7u+Ae7tCTyyK7j1rN' }, 'InvalidDigest'],
    [{ 'content-md5': 'nonsense' }, 'InvalidDigest'],
    [{ 'x-amz-checksum-crc32': crc('good') }, 'BadDigest'],
    [{ 'x-amz-checksum-crc32': 'AAAA' }, 'InvalidRequest'],
    [{ 'x-amz-checksum-sha1': 'AAAAAAAAAAAAAAAAAAAAAAAAAAA=' }, 'BadDigest'],
    [{ 'x-amz-checksum-sha256': `${'A'.repeat(43)}=` }, 'BadDigest'],
    [{ 'x-amz-checksum-crc32c': 'AAAAAA==' }, 'BadDigest'],
    [{ 'x-amz-checksum-crc64nvme': 'AAAAAAAAAAA=' }, 'BadDigest'],
    [{ 'x-amz-checksum-md4': 'AAAAAA==' }, 'InvalidRequest'],
    [{ 'x-amz-checksum-crc32': crc('evil'), 'x-amz-checksum-sha1': 'AAAAAAAAAAAAAAAAAAAAAAAAAAA=' }, 'InvalidRequest'],
    [{ 'x-amz-sdk-checksum-algorithm': 'CRC32' }, 'InvalidRequest'],
  ])('is not passed over: %o', async (headers, code) => {
    const answer = await target.signed({ method: 'PUT', target: '/victim/old', headers, body: 'evil' });
    expect(outcome(answer)).toEqual([400, code]);
  });
});

describe('framing', () => {
  it('does not end up in the object, and other codings are kept', async () => {
    const body = '4\r\ngood\r\n0\r\n\r\n';
    const headers = { 'content-encoding': 'aws-chunked,gzip' };
    expect((await upload(body, { decoded: 4, headers, key: 'coded' })).status).toBe(200);
    const { body: stored, header } = await target.signed({ target: '/victim/coded' });
    expect([stored.toString(), header('content-encoding')]).toEqual(['good', 'gzip']);
    expect((await target.signed({ method: 'DELETE', target: '/victim/coded' })).status).toBe(204);
  });

  it('does not end up in the object where a client names it in Content-Encoding only', async () => {
    const request = { method: 'PUT', target: '/victim/old', body: '4\r\ngood\r\n0\r\n\r\n' };
    const answer = await target.presigned({ ...request, headers: { 'content-encoding': 'aws-chunked' } });
    expect(answer.status).toBeGreaterThanOrEqual(400);
  });
});

describe('a client that goes away', () => {
  it.each([0, 1, 1000, 70_000, 3_000_000])('behind %i bytes of the body leaves nothing', async (sent) => {
    await using connection = await target.connect();
    const bytes = await signedRequest(
      {
        method: 'PUT',
        target: '/victim/old',
        payload: 'UNSIGNED-PAYLOAD',
        body: Buffer.alloc(sent),
        length: 5_000_000,
      },
      MAIN,
    );
    const { observer } = target.gateway;
    const before = observer.records.length;
    connection.write(bytes);
    await expect.poll(() => connection.socket.writableLength).toBe(0);
    connection.socket.resetAndDestroy();
    await expect.poll(() => observer.records.length).toBeGreaterThan(before);
  });

  it('in the middle of a part leaves no part', async () => {
    const started = await target.signed({ method: 'POST', target: '/victim/new?uploads', length: 0 });
    const uploadId = /<UploadId>(\w+)</.exec(started.body.toString())?.[1];
    const part = `/victim/new?partNumber=1&uploadId=${uploadId}`;
    {
      await using connection = await target.connect();
      const request = { method: 'PUT', target: part, payload: 'UNSIGNED-PAYLOAD', length: 5_000_000 };
      connection.write(await signedRequest({ ...request, body: Buffer.alloc(2_000_000) }, MAIN));
      await expect.poll(() => connection.socket.writableLength).toBe(0);
    }
    const parts = await target.signed({ target: `/victim/new?uploadId=${uploadId}` });
    expect([parts.status, parts.body.includes('<Part>')]).toEqual([200, false]);
    await target.signed({ method: 'DELETE', target: `/victim/new?uploadId=${uploadId}` });
  });
});
