import type { ByteString } from './byte-string.js';
import type { FolderNames } from './file-driver.js';

/** Fewer names than this are as well kept as they are. */
const WORTH_PACKING = 64;

/**
 * Keeps the names of a folder, in their order, outside of the heap where they are many: a hundred thousand strings would be looked at
 * one by one by each collection of garbage, several times for a page of a listing.
 */
export function packNames(sorted: readonly ByteString[]): FolderNames {
  return sorted.length < WORTH_PACKING ? sorted : new PackedNames(sorted);
}

class PackedNames implements FolderNames {
  private readonly bytes: Buffer;
  /** Where each name ends, and the next one begins. */
  private readonly ends: Uint32Array;

  constructor(names: readonly ByteString[]) {
    this.ends = new Uint32Array(names.length);
    let end = 0;
    for (const [index, name] of names.entries()) this.ends[index] = end += name.length;
    // Not of Node's pool: it would be kept whole for as long as this is.
    this.bytes = Buffer.allocUnsafeSlow(end);
    for (const [index, name] of names.entries()) this.bytes.write(name, this.startOf(index), 'latin1');
  }

  get length(): number {
    return this.ends.length;
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
