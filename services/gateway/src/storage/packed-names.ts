import type { ByteString } from './byte-string.js';
import type { FolderNames } from './file-driver.js';

/**
 * The names of a folder, in their order, outside of the heap: a hundred thousand strings would be looked at one by one by each
 * collection of garbage, several times for a page of a listing.
 */
export class PackedNames implements FolderNames {
  private constructor(
    private readonly bytes: Buffer,
    /** Where each name ends, and the next one begins. */
    private readonly ends: Uint32Array,
  ) {}

  /**
   * @param sorted names in their order
   * @param count how many there are
   * @param size their bytes
   */
  static of(sorted: Iterable<ByteString>, count: number, size: number): PackedNames {
    const ends = new Uint32Array(count);
    // Not of Node's pool: it would be kept whole for as long as this is.
    const bytes = Buffer.allocUnsafeSlow(size);
    let index = 0;
    let end = 0;
    for (const name of sorted) {
      bytes.write(name, end, 'latin1');
      ends[index++] = end += name.length;
    }
    return new PackedNames(bytes, ends);
  }

  get length(): number {
    return this.ends.length;
  }

  /** Bytes of all names. */
  get size(): number {
    return this.bytes.length;
  }

  at(index: number): ByteString | undefined {
    const end = this.ends[index];
    return end === undefined ? undefined : this.bytes.toString('latin1', this.startOf(index), end);
  }

  *[Symbol.iterator](): Iterator<ByteString> {
    for (let index = 0; index < this.length; index++) yield this.at(index) as ByteString;
  }

  private startOf(index: number): number {
    return index === 0 ? 0 : (this.ends[index - 1] as number);
  }
}
