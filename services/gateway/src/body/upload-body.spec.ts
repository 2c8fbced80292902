import { hash } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { computeChecksum } from '../checksums/checksum-calculator.js';
import { CHECKSUM_ALGORITHMS, checksumHeader } from '../objects/checksum.js';
import {
  CollectingSink,
  encodeChunks,
  fakeRequest,
  FakeChunkSigner,
  splitAt,
} from '../../test/support/body-fixtures.js';
import type { BodyFraming } from './body-framing.js';
import { lentPieces } from './piece-pool.js';
import { createUploadBody } from './upload-body.js';

const PLAIN: BodyFraming = { kind: 'plain' };
const HELLO = Buffer.from('hello world');
const MD5_BASE64 = hash('md5', HELLO, 'base64');
const CRC32_BASE64 = computeChecksum('CRC32', HELLO).toString('base64');

function code(expected: string, message?: string): object {
  return expect.objectContaining(message === undefined ? { code: expected } : { code: expected, message });
}

async function put(
  headers: Record<string, string>,
  body: readonly Buffer[] | Buffer,
  framing: BodyFraming = PLAIN,
): Promise<CollectingSink> {
  const sink = new CollectingSink();
  await createUploadBody(fakeRequest(headers, Buffer.isBuffer(body) ? [body] : body), framing).transfer(sink);
  return sink;
}

function trailed(signed: boolean): BodyFraming {
  return { kind: 'aws-chunked', trailer: true, ...(signed ? { signer: new FakeChunkSigner() } : {}) };
}

function signedChunks(): BodyFraming {
  return { kind: 'aws-chunked', trailer: false, signer: new FakeChunkSigner() };
}

afterEach(() => expect(lentPieces()).toBe(0));

describe('createUploadBody, plain bodies', () => {
  it('gives digests of what it passed on', async () => {
    for (const algorithm of CHECKSUM_ALGORITHMS) {
      const value = computeChecksum(algorithm, HELLO).toString('base64');
      const request = fakeRequest({ 'content-length': '11', [checksumHeader(algorithm)]: value }, [HELLO]);
      const framing = { kind: 'plain', sha256: hash('sha256', HELLO) } as const;
      const body = createUploadBody(request, framing);
      const sink = new CollectingSink();
      expect([body.length, body.declaredAlgorithm]).toEqual([11, algorithm]);
      expect(await body.transfer(sink)).toEqual({
        size: 11,
        md5: hash('md5', HELLO),
        checksum: { algorithm, type: 'FULL_OBJECT', value },
      });
      expect(sink.bytes).toEqual(HELLO);
    }
  });

  it('writes nothing for an empty body', async () => {
    expect((await put({ 'content-length': '0' }, [])).pieces).toEqual([]);
  });

  it('leaves out the MD5 for who does not need it, and compares the rest', async () => {
    const claimed = hash('md5', 'other');
    const headers = { 'content-length': '11', 'content-md5': hash('md5', 'other', 'base64') };
    const body = createUploadBody(fakeRequest(headers, [HELLO]), { kind: 'plain', sha256: hash('sha256', HELLO) });
    expect(body.claimedMd5).toBe(claimed);
    const sink = new CollectingSink();
    const digests = await body.transfer({ needsMd5: false, write: (piece) => sink.write(piece) });
    expect([digests, sink.bytes]).toEqual([{ size: 11, md5: '' }, HELLO]);
    const wrong = createUploadBody(fakeRequest(headers, [HELLO]), { kind: 'plain', sha256: hash('sha256', 'other') });
    await expect(wrong.transfer({ needsMd5: false, write: () => undefined })).rejects.toMatchObject(
      code('XAmzContentSHA256Mismatch'),
    );
    const large = Buffer.alloc(2_500_000, 'some bytes');
    const whole = createUploadBody(
      fakeRequest({ 'content-length': '2500000' }, splitAt(large, [7, 1_900_000])),
      PLAIN,
      {
        algorithm: 'CRC32',
      },
    );
    const { md5, checksum } = await whole.transfer({ needsMd5: false, write: () => undefined });
    expect([md5, checksum?.value]).toEqual(['', computeChecksum('CRC32', large).toString('base64')]);
  });

  it('gathers any chunking into full pieces, whether the sink answers at once or late', async () => {
    const bytes = Buffer.alloc(3_300_000, 'some bytes that repeat at an odd distance');
    const whole = hash('md5', bytes);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(bytes.length), { maxLength: 60 }),
        fc.constantFrom(
          undefined,
          () => setImmediate(),
          () => Promise.resolve(),
        ),
        fc.constantFrom(...CHECKSUM_ALGORITHMS),
        async (places, delay, algorithm) => {
          const sink = new CollectingSink(delay);
          const request = fakeRequest({ 'content-length': String(bytes.length) }, splitAt(bytes, places));
          const digests = await createUploadBody(request, PLAIN, { algorithm }).transfer(sink);
          expect(digests.md5).toBe(whole);
          expect(digests.checksum?.value).toBe(computeChecksum(algorithm, bytes).toString('base64'));
          expect(hash('md5', sink.bytes)).toBe(whole);
          if (places.length > 20)
            expect(sink.pieces.slice(0, -1).every((piece) => piece.length === 1 << 20)).toBe(true);
        },
      ),
      { numRuns: 40 },
    );
  });

  it.each<[string, Record<string, string>, object]>([
    ['a length that is missing', {}, code('MissingContentLength')],
    ['a length in exponent form', { 'content-length': '1e3' }, code('InvalidArgument')],
    ['a negative length', { 'content-length': '-1' }, code('InvalidArgument')],
    ['a length of 2^63', { 'content-length': '9223372036854775808' }, code('EntityTooLarge')],
    ['a Content-MD5 that is not base64 of 16 bytes', { 'content-md5': 'YWJyYWNhZGFicmE=' }, code('InvalidDigest')],
    ['an empty Content-MD5', { 'content-md5': '' }, code('InvalidDigest')],
    ['another Content-MD5', { 'content-md5': hash('md5', 'other', 'base64') }, code('BadDigest')],
    [
      'another checksum',
      { 'x-amz-checksum-crc32': 'AAAAAA==' },
      code('BadDigest', 'The CRC32 you specified did not match the calculated checksum.'),
    ],
    [
      'a checksum that is too short',
      { 'x-amz-checksum-crc32': 'AAAA' },
      code('InvalidRequest', 'Value for x-amz-checksum-crc32 header is invalid.'),
    ],
    ['a checksum that is not base64', { 'x-amz-checksum-crc32': '!!!!!!==' }, code('InvalidRequest')],
    ['an unknown checksum', { 'x-amz-checksum-crc16': 'AAA=' }, code('InvalidRequest')],
    [
      'two checksums',
      { 'x-amz-checksum-crc32': CRC32_BASE64, 'x-amz-checksum-crc32c': CRC32_BASE64 },
      code('InvalidRequest', 'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.'),
    ],
    ['an SDK algorithm without a value', { 'x-amz-sdk-checksum-algorithm': 'CRC32' }, code('InvalidRequest')],
    [
      'an SDK algorithm with the value of another',
      { 'x-amz-sdk-checksum-algorithm': 'SHA1', 'x-amz-checksum-crc32': CRC32_BASE64 },
      code('InvalidRequest', 'Value for x-amz-sdk-checksum-algorithm header is invalid.'),
    ],
    ['a trailer that cannot come', { 'x-amz-trailer': 'x-amz-checksum-crc32' }, code('InvalidRequest')],
  ])('refuses %s', async (name, headers, error) => {
    const length: Record<string, string> = name.includes('length') ? {} : { 'content-length': '11' };
    const sink = new CollectingSink();
    const attempt = async (): Promise<unknown> =>
      createUploadBody(fakeRequest({ ...length, ...headers }, [HELLO]), PLAIN).transfer(sink);
    await expect(attempt()).rejects.toThrow(error);
    expect(sink.pieces).toEqual([]);
  });

  it('accepts right digests in every spelling that clients send', async () => {
    const headers = { 'content-length': '11', 'content-md5': MD5_BASE64, 'x-amz-checksum-crc32': CRC32_BASE64 };
    await put({ ...headers, 'x-amz-sdk-checksum-algorithm': 'crc32', 'x-amz-checksum-type': 'FULL_OBJECT' }, HELLO);
  });

  it('stores nothing of a body that was swapped under its signed hash', async () => {
    const sink = new CollectingSink();
    const framing = { kind: 'plain', sha256: hash('sha256', 'what was signed') } as const;
    const body = createUploadBody(fakeRequest({ 'content-length': '11' }, [HELLO]), framing);
    await expect(body.transfer(sink)).rejects.toThrow(code('XAmzContentSHA256Mismatch'));
    expect(sink.pieces).toEqual([]);
  });

  it('keeps the last piece of a large body back until it is verified', async () => {
    const bytes = Buffer.alloc(2 * 1024 * 1024, 'x');
    const sink = new CollectingSink();
    const headers = { 'content-length': String(bytes.length), 'content-md5': MD5_BASE64 };
    const body = createUploadBody(fakeRequest(headers, splitAt(bytes, [700_000, 1_400_000])), PLAIN);
    await expect(body.transfer(sink)).rejects.toThrow(code('BadDigest'));
    expect(sink.bytes.length).toBe(1024 * 1024);
  });

  it('refuses what is longer than the operation allows before it reads', () => {
    const request = fakeRequest({ 'content-length': '11' }, []);
    expect(() => createUploadBody(request, PLAIN, { maxLength: 10 })).toThrow(code('EntityTooLarge'));
  });

  it.each([
    ['shorter', '12'],
    ['longer', '10'],
  ])('refuses an HTTP-chunked body that is %s than declared', async (_, length) => {
    const attempt = put({ 'x-amz-decoded-content-length': length }, [HELLO.subarray(0, 5), HELLO.subarray(5)]);
    await expect(attempt).rejects.toThrow(code('IncompleteBody'));
  });

  it('gives up on a client that stalls', async () => {
    const raw = new PassThrough();
    raw.write('half');
    const body = createUploadBody(fakeRequest({ 'content-length': '11' }, raw), PLAIN, { idleTimeout: 20 });
    await expect(body.transfer(new CollectingSink())).rejects.toThrow(code('RequestTimeout'));
  });

  it('does not blame the client for a slow storage', async () => {
    const bytes = Buffer.alloc(4 * 1024 * 1024);
    const held = Promise.withResolvers<void>();
    const request = fakeRequest({ 'content-length': String(bytes.length) }, splitAt(bytes, [1_500_000, 2_500_000]));
    const body = createUploadBody(request, PLAIN, { idleTimeout: 5 });
    const transfer = body.transfer(new CollectingSink(() => held.promise));
    setTimeout(held.resolve, 30);
    expect((await transfer).size).toBe(bytes.length);
  });

  it('fails with what the storage fails with, early or late', async () => {
    const bytes = Buffer.alloc(4 * 1024 * 1024);
    for (const failing of [1, 2, 4]) {
      let writes = 0;
      const request = fakeRequest({ 'content-length': String(bytes.length) }, splitAt(bytes, [900_000, 2_500_000]));
      const write = async (): Promise<void> => {
        await setImmediate();
        writes += 1;
        if (writes === failing) throw new Error('disk full');
      };
      await expect(createUploadBody(request, PLAIN).transfer({ write })).rejects.toThrow('disk full');
    }
  });
});

describe('createUploadBody, aws-chunked bodies', () => {
  const trailer = `x-amz-checksum-crc32:${CRC32_BASE64}`;
  const headers = { 'x-amz-decoded-content-length': '11', 'x-amz-trailer': 'x-amz-checksum-crc32' };

  it.each([true, false])('gives the same body however the wire is cut (signed: %s)', async (signed) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 8192, max: 20_000 }), { maxLength: 4 }),
        fc.integer({ min: 1, max: 9000 }),
        fc.array(fc.nat(), { maxLength: 40 }),
        async (sizes, lastSize, places) => {
          const payloads = [...sizes, lastSize].map((size, index) => Buffer.alloc(size, `payload ${index} `));
          const whole = Buffer.concat(payloads);
          const value = computeChecksum('CRC64NVME', whole).toString('base64');
          const wire = Buffer.concat(encodeChunks(payloads, { signed, trailer: `x-amz-checksum-crc64nvme:${value}` }));
          const sink = await put(
            {
              'content-length': String(wire.length),
              'x-amz-decoded-content-length': String(whole.length),
              'x-amz-trailer': 'x-amz-checksum-crc64nvme',
            },
            splitAt(wire, places),
            trailed(signed),
          );
          expect(sink.bytes.equals(whole)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('takes a body byte by byte', async () => {
    const wire = Buffer.concat(encodeChunks([HELLO], { signed: true, trailer }));
    const bytes = Array.from(wire, (byte) => Buffer.of(byte));
    expect((await put(headers, bytes, trailed(true))).bytes).toEqual(HELLO);
  });

  it('takes signed chunks without a trailer, and an empty body', async () => {
    const plainSigned: BodyFraming = { kind: 'aws-chunked', trailer: false, signer: new FakeChunkSigner() };
    const wire = encodeChunks([], { signed: true });
    expect((await put({ 'x-amz-decoded-content-length': '0' }, wire, plainSigned)).pieces).toEqual([]);
  });

  it('takes an unsigned body whose trailer was not announced and does not come', async () => {
    expect((await put({ 'x-amz-decoded-content-length': '11' }, encodeChunks([HELLO]), trailed(false))).bytes).toEqual(
      HELLO,
    );
  });

  it('takes the trailer as minio-go writes it', async () => {
    const wire = Buffer.concat(encodeChunks([HELLO], { signed: true, trailer })).toString('latin1');
    const minio = Buffer.from(wire.replace(`${trailer}\r\n`, `${trailer}\n\r\n`), 'latin1');
    expect((await put(headers, minio, trailed(true))).bytes).toEqual(HELLO);
  });

  const chunk = 'b\r\nhello world\r\n';
  it.each<[string, string, string]>([
    ['truncated before the final chunk', chunk, 'IncompleteBody'],
    ['truncated in a chunk', 'b\r\nhello', 'IncompleteBody'],
    ['without the empty line at the end', `${chunk}0\r\n${trailer}\r\n`, 'IncompleteBody'],
    ['with more than was declared', 'c\r\nhello world!\r\n', 'IncompleteBody'],
    ['with less than was declared', `a\r\nhello worl\r\n0\r\n${trailer}\r\n\r\n`, 'IncompleteBody'],
    ['with a chunk size of 2^64-1', 'ffffffffffffffff\r\n', 'IncompleteBody'],
    ['with a negative chunk size', '-1\r\n', 'IncompleteBody'],
    ['with a chunk size in 0x form', '0xb\r\nhello world\r\n', 'IncompleteBody'],
    ['with a space before a chunk size', ' b\r\nhello world\r\n', 'IncompleteBody'],
    ['with a space behind a chunk size', 'b \r\nhello world\r\n', 'IncompleteBody'],
    ['with an empty chunk size', '\r\nhello world\r\n', 'IncompleteBody'],
    ['with a foreign chunk extension', 'b;a=b\r\nhello world\r\n', 'IncompleteBody'],
    ['with a signature where none belongs', `b;chunk-signature=${'a'.repeat(64)}\r\nhello world\r\n`, 'IncompleteBody'],
    ['with a lone LF behind a chunk header', 'b\nhello world\r\n', 'IncompleteBody'],
    ['with a lone LF behind a chunk', `b\r\nhello world\n0\r\n${trailer}\r\n\r\n`, 'IncompleteBody'],
    ['with no CRLF behind a chunk', `b\r\nhello world0\r\n${trailer}\r\n\r\n`, 'IncompleteBody'],
    ['with a chunk header line that does not end', 'b'.repeat(10_000_000), 'IncompleteBody'],
    ['with bytes behind the end', `${chunk}0\r\n${trailer}\r\n\r\nx`, 'IncompleteBody'],
    ['with a second body behind the end', `${chunk}0\r\n${trailer}\r\n\r\n${chunk}`, 'IncompleteBody'],
    ['without its trailer', `${chunk}0\r\n\r\n`, 'MalformedTrailerError'],
    ['with another trailer', `${chunk}0\r\nx-amz-checksum-crc32c:${CRC32_BASE64}\r\n\r\n`, 'MalformedTrailerError'],
    ['with two trailers', `${chunk}0\r\n${trailer}\r\n${trailer}\r\n\r\n`, 'MalformedTrailerError'],
    ['with a trailer without a colon', `${chunk}0\r\nx-amz-checksum-crc32\r\n\r\n`, 'MalformedTrailerError'],
    ['with an endless trailer', `${chunk}0\r\n${'x'.repeat(100_000)}`, 'MalformedTrailerError'],
    ['with a wrong checksum', `${chunk}0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n`, 'BadDigest'],
    ['with a short checksum', `${chunk}0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n`, 'InvalidRequest'],
  ])('refuses a body %s', async (_, wire, expected) => {
    const sink = new CollectingSink();
    const body = createUploadBody(fakeRequest(headers, [Buffer.from(wire)]), trailed(false));
    await expect(body.transfer(sink)).rejects.toThrow(code(expected));
    expect(sink.pieces).toEqual([]);
  });

  it.each<[string, Record<string, string>, string]>([
    ['without a decoded length', { 'content-length': '30' }, 'MissingContentLength'],
    ['with a decoded length of 1e3', { 'x-amz-decoded-content-length': '1e3' }, 'InvalidArgument'],
    ['with a negative decoded length', { 'x-amz-decoded-content-length': '-5' }, 'InvalidArgument'],
    ['with a decoded length of 2^63', { 'x-amz-decoded-content-length': '9223372036854775808' }, 'EntityTooLarge'],
    [
      'with two announced trailers',
      { ...headers, 'x-amz-trailer': 'x-amz-checksum-crc32,x-amz-checksum-sha1' },
      'InvalidRequest',
    ],
    ['with a trailer that is no checksum', { ...headers, 'x-amz-trailer': 'x-amz-meta-a' }, 'InvalidRequest'],
    ['with a checksum in header and trailer', { ...headers, 'x-amz-checksum-crc32': CRC32_BASE64 }, 'InvalidRequest'],
  ])('refuses a request %s', (_, given, expected) => {
    expect(() => createUploadBody(fakeRequest(given, []), trailed(false))).toThrow(code(expected));
  });

  describe('signed', () => {
    const payloads = [1, 2, 3, 4, 5].map((number) => Buffer.alloc(8192, String(number)));
    const length = { 'x-amz-decoded-content-length': String(5 * 8192) };

    it('refuses a wrong signature in chunk 3 of 5 and hands on nothing', async () => {
      const chunks = encodeChunks(payloads, { signed: true });
      const third = chunks[2] as Buffer;
      third[third.indexOf('=') + 1] = third[third.indexOf('=') + 1] === 0x61 ? 0x62 : 0x61;
      const sink = new CollectingSink();
      const body = createUploadBody(fakeRequest(length, chunks), signedChunks());
      await expect(body.transfer(sink)).rejects.toThrow(code('SignatureDoesNotMatch'));
      expect(sink.pieces).toEqual([]);
    });

    it('refuses chunks in another order', async () => {
      const [one, two, ...rest] = encodeChunks(payloads, { signed: true }) as [Buffer, Buffer, ...Buffer[]];
      await expect(put(length, [two, one, ...rest], signedChunks())).rejects.toThrow(code('SignatureDoesNotMatch'));
    });

    it('refuses a changed byte', async () => {
      const chunks = encodeChunks(payloads, { signed: true });
      (chunks[4] as Buffer)[5000] = 0;
      await expect(put(length, chunks, signedChunks())).rejects.toThrow(code('SignatureDoesNotMatch'));
    });

    it('refuses chunks without a signature', async () => {
      await expect(put(length, encodeChunks(payloads), signedChunks())).rejects.toThrow(code('IncompleteBody'));
    });

    it('refuses a chunk below 8 KiB that is not the last', async () => {
      const chunks = encodeChunks([Buffer.alloc(8191), Buffer.alloc(1)], { signed: true });
      const attempt = put({ 'x-amz-decoded-content-length': '8192' }, chunks, signedChunks());
      await expect(attempt).rejects.toThrow(code('InvalidChunkSizeError'));
    });

    it.each<[string, (wire: string) => string, string]>([
      ['a wrong signature', (wire) => wire.replace(/(trailer-signature:)./, '$1g'), 'SignatureDoesNotMatch'],
      ['a short signature', (wire) => wire.replace(/(trailer-signature:)../, '$1'), 'SignatureDoesNotMatch'],
      ['no signature', (wire) => wire.replace(/x-amz-trailer-signature:.*\r\n/, ''), 'MalformedTrailerError'],
      ['a changed value', (wire) => wire.replace(CRC32_BASE64, 'AAAAAA=='), 'SignatureDoesNotMatch'],
    ])('refuses a trailer with %s', async (_, change, expected) => {
      const wire = Buffer.concat(encodeChunks([HELLO], { signed: true, trailer })).toString('latin1');
      await expect(put(headers, Buffer.from(change(wire)), trailed(true))).rejects.toThrow(code(expected));
    });
  });
});
