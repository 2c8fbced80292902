import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChecksumAlgorithm, ChecksumType } from '../objects/checksum.js';
import { computeChecksum } from './checksum-calculator.js';
import { CrcCombiner } from './crc-combiner.js';
import { multipartChecksum, resolveChecksumType } from './multipart-checksum.js';

const CRCS = ['CRC32', 'CRC32C', 'CRC64NVME'] as const;

function part(algorithm: ChecksumAlgorithm, bytes: Buffer): { size: number; checksum: string } {
  return { size: bytes.length, checksum: computeChecksum(algorithm, bytes).toString('base64') };
}

describe('multipartChecksum', () => {
  it.each(CRCS)('combines %s of parts into that of the whole', (algorithm) => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 8 }), (pieces) => {
        const parts = pieces.map((piece) => part(algorithm, Buffer.from(piece)));
        const whole = computeChecksum(algorithm, Buffer.concat(pieces)).toString('base64');
        expect(multipartChecksum(algorithm, 'FULL_OBJECT', parts).value).toBe(whole);
      }),
    );
  });

  it.each(CRCS)('combines %s over sizes that no machine holds', (algorithm) => {
    // A size that is a sum must shift as far as its summands one after the other.
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 42 }), fc.integer({ min: 0, max: 2 ** 42 }), (a, b) => {
        const combiner = new CrcCombiner(algorithm);
        const first = computeChecksum(algorithm, Buffer.from('first'));
        const zero = Buffer.alloc(first.length);
        const once = combiner.combine(first, zero, a + b);
        expect(combiner.combine(combiner.combine(first, zero, a), zero, b)).toEqual(once);
      }),
    );
  });

  it('gives a composite checksum over the raw checksums of the parts, with their number', () => {
    const parts = [part('SHA256', Buffer.from('one')), part('SHA256', Buffer.from('two'))];
    const raw = Buffer.concat([
      computeChecksum('SHA256', Buffer.from('one')),
      computeChecksum('SHA256', Buffer.from('two')),
    ]);
    expect(multipartChecksum('SHA256', 'COMPOSITE', parts)).toEqual({
      algorithm: 'SHA256',
      type: 'COMPOSITE',
      value: `${computeChecksum('SHA256', raw).toString('base64')}-2`,
    });
  });
});

describe('resolveChecksumType', () => {
  it.each<[ChecksumAlgorithm, ChecksumType | undefined, ChecksumType | undefined]>([
    ['CRC32', undefined, 'COMPOSITE'],
    ['CRC32', 'FULL_OBJECT', 'FULL_OBJECT'],
    ['CRC32C', undefined, 'COMPOSITE'],
    ['CRC32C', 'COMPOSITE', 'COMPOSITE'],
    ['CRC64NVME', undefined, 'FULL_OBJECT'],
    ['CRC64NVME', 'COMPOSITE', undefined],
    ['SHA1', undefined, 'COMPOSITE'],
    ['SHA256', 'FULL_OBJECT', undefined],
  ])('%s, asked for %s: %s', (algorithm, asked, expected) => {
    if (expected === undefined) {
      expect(() => resolveChecksumType(algorithm, asked)).toThrow(expect.objectContaining({ code: 'InvalidRequest' }));
    } else expect(resolveChecksumType(algorithm, asked)).toBe(expected);
  });
});
