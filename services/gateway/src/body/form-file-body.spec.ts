import { hash } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { CollectingSink } from '../../test/support/body-fixtures.js';
import { createFormFileBody } from './form-file-body.js';
import { lentPieces } from './piece-pool.js';

const RANGE = { minimum: 5, maximum: 2_500_000 };

async function upload(size: number): Promise<CollectingSink> {
  const sink = new CollectingSink();
  const bytes = Buffer.alloc(size, 'of the form ');
  const pieces = Array.from({ length: Math.ceil(size / 50_000) }, (_, i) =>
    bytes.subarray(i * 50_000, (i + 1) * 50_000),
  );
  const digests = await createFormFileBody(Readable.from(pieces, { objectMode: false }), RANGE).transfer(sink);
  expect(digests).toEqual({ size, md5: hash('md5', bytes) });
  expect(sink.bytes.equals(bytes)).toBe(true);
  return sink;
}

afterEach(() => expect(lentPieces()).toBe(0));

describe('createFormFileBody', () => {
  it.each([5, 100_000, 1_048_576, 2_500_000])('takes %i bytes of unannounced length', async (size) => {
    await upload(size);
  });

  it.each([
    [0, 'EntityTooSmall'],
    [4, 'EntityTooSmall'],
    [2_500_001, 'EntityTooLarge'],
  ])('refuses %i bytes: %s', async (size, code) => {
    await expect(upload(size)).rejects.toThrow(expect.objectContaining({ code }) as Error);
  });

  it('verifies what the fields say, before the last piece goes out', async () => {
    const sink = new CollectingSink();
    const expected = { checksum: { algorithm: 'CRC32', value: 'AAAAAA==' } } as const;
    const body = createFormFileBody(Readable.from([Buffer.from('hello')], { objectMode: false }), {
      ...RANGE,
      expected,
    });
    await expect(body.transfer(sink)).rejects.toThrow(expect.objectContaining({ code: 'BadDigest' }) as Error);
    expect(sink.pieces).toEqual([]);
  });

  it('fails when the part breaks off', async () => {
    const stream = new PassThrough();
    stream.write('hello');
    const transfer = createFormFileBody(stream, RANGE).transfer(new CollectingSink());
    stream.destroy();
    await expect(transfer).rejects.toThrow(expect.objectContaining({ code: 'IncompleteBody' }) as Error);
  });
});
