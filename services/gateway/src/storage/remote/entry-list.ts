import { StorageError } from '../storage-error.js';
import type { RemoteEntry } from './remote-entry.js';

/** Of one folder. More would not fit in memory beside everything else. */
export const MAX_FOLDER_ENTRIES = 2_000_000;
/** Size and time, as doubles, and the length of the name. */
const HEAD_BYTES = 20;
const FIRST_BYTES = 4_096;
const FIRST_ENTRIES = 32;
/** Of all entries of one folder; also what the offsets can say. */
const MAX_BYTES = 2 ** 31 - 1;
const SLASH = 0x2f;

/**
 * Entries of a folder, packed: about 50 bytes each outside of the heap, where objects of strings and numbers take 200 in it. A folder of a
 * million costs what it is, also while it arrives, and no garbage collection walks over it.
 */
export class EntryList implements Iterable<RemoteEntry> {
  private bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  private ends = new Uint32Array(FIRST_ENTRIES);
  private count = 0;
  private others = false;

  /** The entries of something that has them. */
  static of(entries: Iterable<RemoteEntry>): EntryList {
    const list = new EntryList();
    for (const entry of entries) list.add(entry);
    list.trim();
    return list;
  }

  get length(): number {
    return this.count;
  }

  /** Nothing is in the folder: neither an entry, nor what {@link noteOther} was told of. The only proof that it may be removed. */
  get isEmpty(): boolean {
    return this.count === 0 && !this.others;
  }

  /** The folder also holds something that has no entry, such as a name that is not UTF-8. */
  noteOther(): void {
    this.others = true;
  }

  /** @throws StorageError `unavailable` where the names of the folder are too long to be kept */
  add({ name, kind, size, mtimeMs, identity }: RemoteEntry): void {
    const nameBytes = Buffer.byteLength(name) + (kind === 'folder' ? 1 : 0);
    const start = this.startOf(this.count);
    const end = start + HEAD_BYTES + nameBytes + Buffer.byteLength(identity);
    this.reserve(end);
    const { bytes } = this;
    bytes.writeDoubleLE(size, start);
    bytes.writeDoubleLE(mtimeMs, start + 8);
    bytes.writeUInt32LE(nameBytes, start + 16);
    bytes.write(name, start + HEAD_BYTES, 'utf8');
    if (kind === 'folder') bytes[start + HEAD_BYTES + nameBytes - 1] = SLASH;
    bytes.write(identity, start + HEAD_BYTES + nameBytes, 'utf8');
    this.ends[this.count++] = end;
  }

  /** Gives back the room for more. */
  trim(): void {
    this.resize(this.startOf(this.count), this.count);
  }

  at(index: number): RemoteEntry {
    const { bytes } = this;
    const start = this.startOf(index);
    const [from, to] = this.nameRange(index);
    const isFolder = bytes[to - 1] === SLASH;
    return {
      name: bytes.toString('utf8', from, isFolder ? to - 1 : to),
      kind: isFolder ? 'folder' : 'file',
      size: bytes.readDoubleLE(start),
      mtimeMs: bytes.readDoubleLE(start + 8),
      identity: bytes.toString('utf8', to, this.startOf(index + 1)),
    };
  }

  /** Indices of the entries by the bytes of their names, of a name that comes twice the first. */
  inOrder(): Uint32Array {
    const order = new Uint32Array(this.count);
    for (let index = 0; index < this.count; index++) order[index] = index;
    order.sort((one, other) => this.compareNames(one, other) || one - other);
    let kept = 0;
    for (const index of order) {
      if (kept === 0 || this.compareNames(order[kept - 1] as number, index) !== 0) order[kept++] = index;
    }
    return kept === order.length ? order : order.slice(0, kept);
  }

  /** The UTF-8 of a name with one char a byte; that of a folder ends with a slash. */
  byteNameAt(index: number): string {
    const [from, to] = this.nameRange(index);
    return this.bytes.toString('latin1', from, to);
  }

  /** Those whose names begin with something, without looking closer at the others. */
  *startingWith(prefix: string): Generator<RemoteEntry> {
    const wanted = Buffer.from(prefix, 'utf8');
    for (let index = 0; index < this.count; index++) {
      const [from, to] = this.nameRange(index);
      if (to - from < wanted.length || this.bytes[from] !== wanted[0]) continue;
      if (this.bytes.compare(wanted, 0, wanted.length, from, from + wanted.length) === 0) yield this.at(index);
    }
  }

  has(name: string): boolean {
    for (const entry of this.startingWith(name)) if (entry.name === name) return true;
    return false;
  }

  *[Symbol.iterator](): Iterator<RemoteEntry> {
    for (let index = 0; index < this.count; index++) yield this.at(index);
  }

  private compareNames(one: number, other: number): number {
    const { bytes } = this;
    let a = this.nameStart(one);
    let b = this.nameStart(other);
    const aEnd = a + bytes.readUInt32LE(a - 4);
    const bEnd = b + bytes.readUInt32LE(b - 4);
    for (; a < aEnd && b < bEnd; a++, b++) {
      const difference = (bytes[a] as number) - (bytes[b] as number);
      if (difference !== 0) return difference;
    }
    return aEnd - a - (bEnd - b);
  }

  private nameRange(index: number): readonly [from: number, to: number] {
    const from = this.nameStart(index);
    return [from, from + this.bytes.readUInt32LE(from - 4)];
  }

  private nameStart(index: number): number {
    return this.startOf(index) + HEAD_BYTES;
  }

  private startOf(index: number): number {
    return index === 0 ? 0 : (this.ends[index - 1] as number);
  }

  private reserve(bytes: number): void {
    if (bytes > MAX_BYTES) {
      throw new StorageError('unavailable', 'The names in a folder take more than 2 GiB.');
    }
    const hasRoom = bytes <= this.bytes.length && this.count < this.ends.length;
    if (hasRoom) return;
    this.resize(
      bytes <= this.bytes.length ? this.bytes.length : Math.min(MAX_BYTES, Math.max(bytes, this.bytes.length * 1.5)),
      this.count < this.ends.length ? this.ends.length : this.ends.length * 1.5,
    );
  }

  private resize(bytes: number, entries: number): void {
    if (bytes !== this.bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.ceil(bytes));
      this.bytes.copy(grown, 0, 0, this.startOf(this.count));
      this.bytes = grown;
    }
    if (entries === this.ends.length) return;
    const ends = new Uint32Array(Math.ceil(entries));
    ends.set(this.ends.subarray(0, this.count));
    this.ends = ends;
  }
}
