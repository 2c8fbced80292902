import { StorageError } from '../storage-error.js';
import type { OpenlistObject } from './openlist-entry.js';

/** Of what is around the entries; a folder's readme is in it. */
const MAX_AROUND = 16 * 1024 * 1024;
const MAX_ENTRY = 1024 * 1024;
/** Of the envelope, its data and the list in that. */
const LIST_DEPTH = 3;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d];

/**
 * Reads the answer to `fs/list` as it arrives: each object of `data.content` by itself, so that a folder of a million is at no time
 * in memory as text and as objects.
 */
export class ListingParser {
  private depth = 0;
  private inString = false;
  private isEscaped = false;
  private inList = false;
  private inEntry = false;
  /** What is around the list, and of an entry that goes on in the next bytes what has come of it. */
  private readonly around: Buffer[] = [];
  private readonly begun: Buffer[] = [];

  constructor(private readonly onObject: (object: OpenlistObject) => void) {}

  /** @throws StorageError `unavailable` for an entry that is none */
  write(bytes: Buffer): void {
    let from = 0;
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i] as number;
      if (this.inString) {
        if (this.isEscaped) this.isEscaped = false;
        else if (byte === BACKSLASH) this.isEscaped = true;
        else if (byte === QUOTE) this.inString = false;
      } else if (byte === QUOTE) this.inString = true;
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        if (this.inList && !this.inEntry) {
          this.inEntry = true;
          from = i;
        }
        this.depth += 1;
        if (this.depth === LIST_DEPTH && byte === OPEN_BRACKET) {
          this.keep(this.around, bytes.subarray(from, i + 1), MAX_AROUND);
          from = i + 1;
          this.inList = /"content"\s*:\s*\[$/.test(Buffer.concat(this.around).toString('latin1'));
        }
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        this.depth -= 1;
        if (this.inEntry && this.depth === LIST_DEPTH) {
          this.take(bytes.subarray(from, i + 1));
          this.inEntry = false;
        } else if (this.inList && this.depth < LIST_DEPTH) {
          this.inList = false;
          from = i;
        }
      }
    }
    if (this.inEntry) this.keep(this.begun, bytes.subarray(from), MAX_ENTRY);
    else if (!this.inList) this.keep(this.around, bytes.subarray(from), MAX_AROUND);
  }

  /** The answer without its entries. */
  end(): string {
    return Buffer.concat(this.around).toString('utf8');
  }

  private take(last: Buffer): void {
    const bytes = this.begun.length === 0 ? last : Buffer.concat([...this.begun.splice(0), last]);
    let object: OpenlistObject;
    try {
      object = JSON.parse(bytes.toString('utf8')) as OpenlistObject;
    } catch (error) {
      throw new StorageError('unavailable', 'OpenList answered with broken JSON.', { cause: error });
    }
    this.onObject(object);
  }

  private keep(pieces: Buffer[], piece: Buffer, limit: number): void {
    if (piece.length === 0) return;
    const length = pieces.reduce((sum, one) => sum + one.length, piece.length);
    if (length > limit) throw new StorageError('unavailable', 'OpenList answered with more than can be a listing.');
    // Copied: what it lies in may be a chunk many times its size, and used again.
    pieces.push(Buffer.from(piece));
  }
}
