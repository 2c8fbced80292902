import type { ChecksumAlgorithm } from '../objects/checksum.js';
import { CRC64_NVME_POLYNOMIAL } from './crc64-nvme.js';

/** The algorithms whose value over a whole follows from the values over its parts. */
export type CombinableAlgorithm = Extract<ChecksumAlgorithm, `CRC${string}`>;

export function isCombinable(algorithm: ChecksumAlgorithm): algorithm is CombinableAlgorithm {
  return algorithm !== 'SHA1' && algorithm !== 'SHA256';
}

// Reversed, as the CRCs themselves are: the highest bit of a word is the coefficient of x^0.
const POLYNOMIALS: Readonly<Record<CombinableAlgorithm, readonly [width: 32 | 64, hi: number, lo: number]>> = {
  CRC32: [32, 0, 0xedb88320],
  CRC32C: [32, 0, 0x82f63b78],
  CRC64NVME: [64, Number(CRC64_NVME_POLYNOMIAL >> 32n), Number(CRC64_NVME_POLYNOMIAL & 0xffffffffn)],
};

/** A polynomial over GF(2) of degree below 64, in two unsigned 32-bit halves. */
interface Word {
  readonly hi: number;
  readonly lo: number;
}

/**
 * Computes the CRC of a whole from those of its parts, without its bytes.
 *
 * Appending n bytes multiplies the CRC of what was there by x^(8n) modulo the CRC's polynomial; the CRC of the appended
 * bytes is then added. That holds for CRCs that start from all ones and are inverted at the end, as these three are.
 * Halves of 32 bits instead of BigInt: 10,000 parts take milliseconds, not a tenth of a second of everyone's time.
 */
export class CrcCombiner {
  private readonly width: 32 | 64;
  private readonly polynomial: Word;
  /** x^(2^k). */
  private readonly powers: Word[];
  private readonly shifts = new Map<number, Word>();

  constructor(algorithm: CombinableAlgorithm) {
    const [width, hi, lo] = POLYNOMIALS[algorithm];
    this.width = width;
    this.polynomial = { hi, lo };
    this.powers = [width === 64 ? { hi: 0x40000000, lo: 0 } : { hi: 0, lo: 0x40000000 }];
  }

  /**
   * @param first CRC of what stands first, raw bytes
   * @param second CRC of what follows, raw bytes
   * @param secondSize bytes that `second` was computed over
   */
  combine(first: Buffer, second: Buffer, secondSize: number): Buffer {
    const moved = this.multiply(this.shift(secondSize), this.read(first));
    const added = this.read(second);
    const bytes = Buffer.allocUnsafe(this.width / 8);
    if (this.width === 64) bytes.writeUInt32BE((moved.hi ^ added.hi) >>> 0);
    bytes.writeUInt32BE((moved.lo ^ added.lo) >>> 0, this.width / 8 - 4);
    return bytes;
  }

  private read(bytes: Buffer): Word {
    return this.width === 64
      ? { hi: bytes.readUInt32BE(0), lo: bytes.readUInt32BE(4) }
      : { hi: 0, lo: bytes.readUInt32BE(0) };
  }

  /** x^(8 * bytes); parts are mostly of one size, so it is worth keeping. */
  private shift(bytes: number): Word {
    const known = this.shifts.get(bytes);
    if (known !== undefined) return known;
    let result: Word = this.width === 64 ? { hi: 0x80000000, lo: 0 } : { hi: 0, lo: 0x80000000 };
    let power = 3;
    for (let rest = bytes; rest > 0; rest = Math.floor(rest / 2)) {
      if (rest % 2 === 1) result = this.multiply(result, this.power(power));
      power += 1;
    }
    this.shifts.set(bytes, result);
    return result;
  }

  private power(k: number): Word {
    for (let last = this.powers.length; last <= k; last++) {
      const root = this.powers[last - 1] as Word;
      this.powers.push(this.multiply(root, root));
    }
    return this.powers[k] as Word;
  }

  private multiply(a: Word, b: Word): Word {
    let { hi, lo } = b;
    let productHi = 0;
    let productLo = 0;
    for (let bit = this.width - 1; bit >= 0; bit--) {
      const set = bit >= 32 ? (a.hi >>> (bit - 32)) & 1 : (a.lo >>> bit) & 1;
      if (set === 1) {
        productHi ^= hi;
        productLo ^= lo;
      }
      const carry = lo & 1;
      lo = (lo >>> 1) | (hi << 31);
      hi >>>= 1;
      if (carry === 1) {
        hi ^= this.polynomial.hi;
        lo ^= this.polynomial.lo;
      }
    }
    return { hi: productHi >>> 0, lo: productLo >>> 0 };
  }
}
