import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHECKSUM_ALGORITHMS, CHECKSUM_BYTES } from '../objects/checksum.js';
import { computeChecksum, createChecksumCalculator } from './checksum-calculator.js';

describe('checksum calculators', () => {
  // Check values of the CRC catalogue and of FIPS 180.
  it.each([
    ['CRC32', 'cbf43926'],
    ['CRC32C', 'e3069283'],
    ['CRC64NVME', 'ae8b14860a799888'],
    ['SHA1', 'f7c3bc1d808e04732adf679965ccc34ca7ae3441'],
    ['SHA256', '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225'],
  ] as const)('%s of "123456789"', (algorithm, expected) => {
    expect(computeChecksum(algorithm, Buffer.from('123456789')).toString('hex')).toBe(expected);
    expect(CHECKSUM_BYTES[algorithm] * 2).toBe(expected.length);
  });

  it.each(CHECKSUM_ALGORITHMS)('%s over pieces, several at a time, equals the one over the whole', (algorithm) => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 6 }), (pieces) => {
        const calculator = createChecksumCalculator(algorithm);
        const other = createChecksumCalculator(algorithm);
        for (const piece of pieces) {
          calculator.update(Buffer.from(piece));
          other.update(Buffer.from('between'));
        }
        expect(calculator.digest()).toEqual(computeChecksum(algorithm, Buffer.concat(pieces)));
      }),
    );
  });
});
