import { S3Error } from '../../errors/s3-error.js';
import type { ObjectKey } from '../../http/object-key.js';
import { fromByteString, successor, toByteString, type ByteString } from '../../storage/byte-string.js';
import type { WriteConditions } from '../conditions.js';
import type { ListQuery, ListingEntry, ObjectListing } from '../listing.js';
import type {
  MaybePromise,
  ObjectInfo,
  ObjectStore,
  OpenObject,
  PutObject,
  StoreCapabilities,
  Tag,
} from '../object-store.js';
import { TreeMultipartStore } from './tree-multipart-store.js';

/** A store that is mounted below a bucket's path. */
export interface MountedStore {
  /** Key prefix of the mount in the bucket, with a trailing `/`. */
  readonly prefix: string;
  readonly store: ObjectStore;
}

/** Where a key of the bucket lies. */
export interface Placement {
  readonly prefix: string;
  readonly store: ObjectStore;
  readonly key: ObjectKey;
}

/** A bucket over several storages: each mount is a folder of it, and hides what the outer storage has under that name. */
export class TreeObjectStore implements ObjectStore {
  readonly multipart: TreeMultipartStore;
  /** The innermost first. */
  private readonly mounts: readonly MountedStore[];

  /** @param outer the store at the bucket's path itself; undefined where only mounts lie below it */
  constructor(
    private readonly outer: ObjectStore | undefined,
    mounts: readonly MountedStore[],
  ) {
    this.mounts = [...mounts].sort((one, other) => other.prefix.length - one.prefix.length);
    this.multipart = new TreeMultipartStore(this);
  }

  get capabilities(): StoreCapabilities {
    const all = this.stores().map(({ store }) => store.capabilities);
    return {
      conditionalWrites: all.every((one) => one.conditionalWrites),
      tagging: all.every((one) => one.tagging),
      multipart: all.every((one) => one.multipart),
    };
  }

  /** All stores with their prefixes, the outer one first. */
  stores(): readonly MountedStore[] {
    return this.outer ? [{ prefix: '', store: this.outer }, ...this.mounts] : this.mounts;
  }

  /** @throws S3Error `UnsupportedKey` for a key that no storage is mounted for, or that is a mount itself */
  place(key: ObjectKey): Placement {
    for (const { prefix, store } of this.mounts) {
      if (key.length > prefix.length && key.startsWith(prefix)) {
        return { prefix, store, key: key.slice(prefix.length) as ObjectKey };
      }
      if (prefix.startsWith(`${key}/`) || (prefix.startsWith(key) && key.endsWith('/'))) {
        throw new S3Error('UnsupportedKey', {
          message: 'A storage is mounted at or below this key, so it is a folder.',
        });
      }
    }
    if (!this.outer) throw new S3Error('UnsupportedKey', { message: 'No storage is mounted for this key.' });
    return { prefix: '', store: this.outer, key };
  }

  async head(key: ObjectKey): Promise<ObjectInfo> {
    const { store, key: inner } = this.placeToRead(key);
    return { ...(await store.head(inner)), key };
  }

  open(key: ObjectKey): MaybePromise<OpenObject> {
    const { store, key: inner } = this.placeToRead(key);
    return store.open(inner);
  }

  async put(request: PutObject): Promise<ObjectInfo> {
    const { store, key } = this.place(request.key);
    return { ...(await store.put({ ...request, key })), key: request.key };
  }

  async delete(key: ObjectKey, conditions: WriteConditions): Promise<void> {
    const { store, key: inner } = this.place(key);
    await store.delete(inner, conditions);
  }

  putTags(key: ObjectKey, tags: readonly Tag[]): MaybePromise<void> {
    const { store, key: inner } = this.place(key);
    return store.putTags(inner, tags);
  }

  async list(query: ListQuery): Promise<ObjectListing> {
    const entries: ListingEntry[] = [];
    let { startAfter } = query;
    while (entries.length <= query.limit) {
      const next = await this.nextRun({ ...query, startAfter, limit: query.limit + 1 - entries.length });
      if (next === undefined) break;
      entries.push(...next.entries);
      startAfter = next.startAfter;
    }
    return { entries: entries.slice(0, query.limit), truncated: entries.length > query.limit };
  }

  /** The next entries that come from one store, and where to go on; undefined at the end. */
  private async nextRun(query: ListQuery): Promise<{ entries: ListingEntry[]; startAfter: string } | undefined> {
    const candidates = await Promise.all(this.stores().map((mounted) => this.firstRun(mounted, query)));
    let best: { entries: ListingEntry[]; first: ByteString } | undefined;
    let bound: ByteString | undefined;
    for (const entries of candidates) {
      const head = entries[0];
      if (head === undefined) continue;
      const first = toByteString(nameOf(head));
      if (best === undefined || first < best.first) {
        bound = best?.first ?? bound;
        best = { entries, first };
      } else if (first === best.first || bound === undefined || first < bound) bound = first;
    }
    if (best === undefined) return undefined;
    // Only what comes before the first entry of any other store is next.
    const { entries } = best;
    const end =
      bound === undefined
        ? entries.length
        : entries.findIndex((entry) => toByteString(nameOf(entry)) >= (bound as ByteString));
    const run = end < 0 ? entries : entries.slice(0, Math.max(end, 1));
    return { entries: run, startAfter: nameOf(run.at(-1) as ListingEntry) };
  }

  private async firstRun({ prefix, store }: MountedStore, query: ListQuery): Promise<ListingEntry[]> {
    if (prefix === '') return this.outerRun(store, query);
    if (!query.prefix.startsWith(prefix)) {
      if (!prefix.startsWith(query.prefix)) return [];
      const cut = query.delimiter === '' ? -1 : prefix.indexOf(query.delimiter, query.prefix.length);
      if (cut >= 0) {
        // The mount shows as a folder whether anything is in it or not.
        const common = prefix.slice(0, cut + query.delimiter.length);
        return toByteString(common) > toByteString(query.startAfter) && !query.startAfter.startsWith(common)
          ? [{ kind: 'prefix', prefix: common }]
          : [];
      }
    }
    const inner = await store.list({
      ...query,
      prefix: query.prefix.startsWith(prefix) ? query.prefix.slice(prefix.length) : '',
      startAfter: innerStart(query.startAfter, prefix),
      limit: toByteString(query.startAfter) >= successor(toByteString(prefix)) ? 0 : query.limit,
    });
    return inner.entries
      .map((entry) => withPrefix(entry, prefix))
      .filter((entry) => !this.isHidden(nameOf(entry), prefix));
  }

  /** What the outer store has, without what the mounts hide. */
  private async outerRun(store: ObjectStore, query: ListQuery): Promise<ListingEntry[]> {
    let { startAfter } = query;
    for (;;) {
      const page = await store.list({ ...query, startAfter });
      const visible = page.entries.filter((entry) => !this.isHidden(nameOf(entry), ''));
      const last = page.entries.at(-1);
      if (visible.length > 0 || !page.truncated || last === undefined) return visible;
      const hiding = this.mounts.find(({ prefix }) => nameOf(last).startsWith(prefix));
      // Past all that the mount hides, in one step.
      startAfter = hiding ? fromByteString(successor(toByteString(hiding.prefix))) : nameOf(last);
    }
  }

  private isHidden(name: string, owner: string): boolean {
    return this.mounts.some(({ prefix }) => prefix.length > owner.length && name.startsWith(prefix));
  }

  private placeToRead(key: ObjectKey): Placement {
    try {
      return this.place(key);
    } catch (error) {
      throw new S3Error('NoSuchKey', { details: { Key: key }, cause: error });
    }
  }
}

function nameOf(entry: ListingEntry): string {
  return entry.kind === 'prefix' ? entry.prefix : entry.object.key;
}

function withPrefix(entry: ListingEntry, prefix: string): ListingEntry {
  if (entry.kind === 'prefix') return { kind: 'prefix', prefix: prefix + entry.prefix };
  return { kind: 'object', object: { ...entry.object, key: (prefix + entry.object.key) as ObjectKey } };
}

function innerStart(startAfter: string, prefix: string): string {
  return startAfter.startsWith(prefix) ? startAfter.slice(prefix.length) : '';
}
