import { hash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { CollectingSink } from '../../test/support/body-fixtures.js';
import { computeChecksum } from '../checksums/checksum-calculator.js';
import type { ObjectReader } from '../objects/object-store.js';
import { createCopyBody } from './copy-body.js';
import { lentPieces } from './piece-pool.js';

function reader(bytes: Buffer, step: number, late: boolean): ObjectReader {
  let at = 0;
  return {
    read: (buffer) => {
      const count = bytes.copy(buffer, 0, at, at + step);
      at += count;
      return late ? setImmediate(count) : count;
    },
    close: () => undefined,
  };
}

afterEach(() => expect(lentPieces()).toBe(0));

describe('createCopyBody', () => {
  const sizes = [0, 1, 65_536, 65_537, 1_048_576, 1_048_577, 7_000_000];
  it.each(sizes.flatMap((size) => [false, true].map((late) => [size, late] as const)))(
    'copies %i bytes (asynchronous: %s)',
    async (size, late) => {
      const bytes = Buffer.alloc(size, 'the bytes of the source ');
      const sink = new CollectingSink(late ? setImmediate : undefined);
      const digests = await createCopyBody(reader(bytes, 300_000, late), size, 'CRC32C').transfer(sink);
      expect(digests.md5).toBe(hash('md5', bytes));
      expect(digests.checksum?.value).toBe(computeChecksum('CRC32C', bytes).toString('base64'));
      expect(sink.bytes.equals(bytes)).toBe(true);
    },
  );

  it('fails when the source is shorter than it said', async () => {
    const body = createCopyBody(reader(Buffer.alloc(1_500_000), 300_000, true), 3_000_000);
    await expect(body.transfer(new CollectingSink(setImmediate))).rejects.toThrow(
      expect.objectContaining({ code: 'InternalError' }) as Error,
    );
  });

  it('fails with what the sink fails with', async () => {
    const body = createCopyBody(reader(Buffer.alloc(3_000_000), 300_000, true), 3_000_000);
    await expect(body.transfer({ write: () => Promise.reject(new Error('disk full')) })).rejects.toThrow('disk full');
  });
});
