import type { ObjectKey } from '../../http/object-key.js';
import { MAX_KEY_BYTES } from '../../http/object-key.js';
import { toByteString, type ByteString } from '../../storage/byte-string.js';
import type { ListQuery, ListingEntry, ObjectListing } from '../listing.js';
import type { ObjectStore } from '../object-store.js';

/** The last character of Unicode, and the greatest four bytes of UTF-8. */
const LAST_CHARACTER = '\u{10ffff}';

/** What a cursor needs to know of its place in the tree. */
export interface CursorOptions {
  /** Of the store in the bucket: empty for the outer one. */
  readonly prefix: string;
  readonly store: ObjectStore;
  readonly query: ListQuery;
  /** For a name that another store hides: that store's prefix. */
  readonly hiderOf: (name: string) => string | undefined;
}

/**
 * Goes through what one store of a tree shows of a listing, in order, a page of the store at a time, and reads a page only when it is
 * sure that something of it is needed.
 */
export class MountCursor {
  private entries: readonly ListingEntry[] = [];
  private index = 0;
  /** Of all pages that were read, what tells whether they are current. */
  readonly checks: ObjectListing['isCurrent'][] = [];
  private done = false;
  /** Names up to this one have been dealt with. */
  private position: string;

  constructor(private readonly options: CursorOptions) {
    const { prefix, query } = options;
    this.position = query.startAfter;
    // A mount's folder is another part of the tree than what is asked for.
    if (!prefix.startsWith(query.prefix) && !query.prefix.startsWith(prefix)) this.done = true;
  }

  /** A name that all further ones of this store are not less than; undefined at the end. */
  get bound(): ByteString | undefined {
    const entry = this.entries[this.index];
    if (entry) return toByteString(nameOf(entry));
    if (this.done) return undefined;
    const reached = toByteString(this.position);
    const start = toByteString(this.options.prefix);
    return reached > start ? reached : start;
  }

  /** The next entry, where its page has been read. */
  get entry(): ListingEntry | undefined {
    return this.entries[this.index];
  }

  /** Goes on behind a name that was found, and behind all that begins with it where it is a common prefix. */
  skip(name: string, isPrefix: boolean): void {
    if (isPrefix && this.options.prefix.startsWith(name)) {
      this.entries = [];
      this.done = true;
      return;
    }
    const bytes = toByteString(name);
    for (let entry = this.entry; entry; entry = this.entry) {
      const own = nameOf(entry);
      if (toByteString(own) > bytes && !(isPrefix && own.startsWith(name))) return;
      this.index++;
    }
    const position = isPrefix ? lastBelow(name) : name;
    if (toByteString(position) > toByteString(this.position)) this.position = position;
  }

  /** Reads the next page of the store, without what other stores hide. */
  async fill(limit: number): Promise<void> {
    const { prefix, store, query, hiderOf } = this.options;
    while (!this.done) {
      const page = await store.list({
        prefix: query.prefix.startsWith(prefix) ? query.prefix.slice(prefix.length) : '',
        delimiter: query.delimiter,
        startAfter: this.innerStart(),
        limit,
        ...(query.ahead && { ahead: true }),
      });
      this.checks.push(page.isCurrent);
      const named = page.entries.map((entry) => withPrefix(entry, prefix));
      const last = named.at(-1);
      this.done = !page.truncated || last === undefined;
      if (last) this.position = nameOf(last);
      this.entries = named.filter((entry) => hiderOf(nameOf(entry)) === undefined);
      this.index = 0;
      if (this.entries.length > 0) return;
      // Past all that a mount hides, in one step.
      const hider = last && hiderOf(nameOf(last));
      if (hider !== undefined) this.position = lastBelow(hider);
    }
    this.entries = [];
  }

  private innerStart(): string {
    const { prefix } = this.options;
    if (this.position.startsWith(prefix)) return this.position.slice(prefix.length);
    if (toByteString(this.position) > toByteString(prefix)) this.done = true;
    return this.done ? lastBelow('') : '';
  }
}

export function nameOf(entry: ListingEntry): string {
  return entry.kind === 'prefix' ? entry.prefix : entry.object.key;
}

/** A name behind every key that begins with a prefix, and before everything else that is. */
function lastBelow(prefix: string): string {
  return prefix + LAST_CHARACTER.repeat(Math.max(0, MAX_KEY_BYTES - Buffer.byteLength(prefix)) >> 2);
}

function withPrefix(entry: ListingEntry, prefix: string): ListingEntry {
  if (prefix === '') return entry;
  if (entry.kind === 'prefix') return { kind: 'prefix', prefix: prefix + entry.prefix };
  return { kind: 'object', object: { ...entry.object, key: (prefix + entry.object.key) as ObjectKey } };
}
