import { isSettled } from '../is-settled.js';
import type { FileStatus } from './file-status.js';

/** Each set has places for four files. */
const SETS = 24 * 1024;
const WAYS = 4;
/** Bytes of a place: time and inode as doubles, the device in 4 bytes, the number of bytes kept of the record in 1, the bytes. */
const PLACE_BYTES = 80;
const PLACE_DOUBLES = PLACE_BYTES / 8;
const PLACE_WORDS = PLACE_BYTES / 4;
const DEVICE_WORD = 4;
const RECORD_AT = 21;
const MAX_RECORD_BYTES = PLACE_BYTES - RECORD_AT;
const NO_RECORD = Buffer.alloc(0);

/**
 * How the records of files begin that listings have looked at, by inode and the time of the last change of anything, which a record
 * cannot change without: to read the attribute again would take most of the time of a page. A table of fixed size, so that it costs
 * 7.9 MB where as many files are listed, and nothing to the garbage collector.
 */
export class RecordCache {
  private bytes: Buffer | undefined;
  private doubles = new Float64Array(0);
  private words = new Uint32Array(0);
  private turn = 0;

  /** The first bytes of the record that a file has; empty where it has none, undefined where that is not known. */
  get(stat: FileStatus): Buffer | undefined {
    if (this.bytes === undefined) return undefined;
    const place = this.find(stat);
    if (place < 0 || this.doubles[place * PLACE_DOUBLES] !== stat.ctimeMs) return undefined;
    const start = place * PLACE_BYTES + RECORD_AT;
    const length = this.bytes[start - 1] as number;
    // A copy: the place may be another file's by the time the record is decoded.
    if (length === 0) return NO_RECORD;
    const record = Buffer.allocUnsafe(length);
    this.bytes.copy(record, 0, start, start + length);
    return record;
  }

  /**
   * @param stat what the file was after its record had been read
   * @param record undefined where it has none
   * @param lookedAt when it was looked at, or before, in milliseconds since the epoch
   */
  set(stat: FileStatus, record: Buffer | undefined, lookedAt?: number): void {
    if (!isSettled(stat.ctimeMs, lookedAt)) return;
    const bytes = (this.bytes ??= this.allocate());
    const known = this.find(stat);
    const place = known < 0 ? this.make(stat) : known;
    const at = place * PLACE_DOUBLES;
    this.doubles[at] = stat.ctimeMs;
    this.doubles[at + 1] = stat.ino;
    this.words[place * PLACE_WORDS + DEVICE_WORD] = stat.dev;
    const start = place * PLACE_BYTES + RECORD_AT;
    bytes[start - 1] = record?.copy(bytes, start, 0, MAX_RECORD_BYTES) ?? 0;
  }

  private find({ ino, dev }: FileStatus): number {
    const first = setOf(ino) * WAYS;
    for (let place = first; place < first + WAYS; place++) {
      if (this.doubles[place * PLACE_DOUBLES + 1] !== ino) continue;
      if (this.words[place * PLACE_WORDS + DEVICE_WORD] === dev >>> 0) return place;
    }
    return -1;
  }

  private make({ ino }: FileStatus): number {
    const first = setOf(ino) * WAYS;
    for (let place = first; place < first + WAYS; place++) if (this.doubles[place * PLACE_DOUBLES] === 0) return place;
    this.turn = (this.turn + 1) % WAYS;
    return first + this.turn;
  }

  private allocate(): Buffer {
    const memory = new ArrayBuffer(SETS * WAYS * PLACE_BYTES);
    this.doubles = new Float64Array(memory);
    this.words = new Uint32Array(memory);
    return Buffer.from(memory);
  }
}

/**
 * Files that were made together have neighbouring numbers, and get neighbouring places: little memory is touched for few. Filesystems
 * number them in groups of a power of two, so each run of numbers begins somewhere else.
 */
function setOf(ino: number): number {
  return (ino + (Math.imul(Math.floor(ino / 0x10000), 0x9e3779b1) >>> 0)) % SETS;
}
