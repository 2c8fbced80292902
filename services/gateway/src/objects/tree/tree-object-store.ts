import { S3Error } from '../../errors/s3-error.js';
import type { ObjectKey } from '../../http/object-key.js';
import type { WriteConditions } from '../conditions.js';
import type { ListQuery, ObjectListing } from '../listing.js';
import type {
  MaybePromise,
  ObjectInfo,
  ObjectStore,
  OpenObject,
  PutObject,
  StoreCapabilities,
  Tag,
} from '../object-store.js';
import { TreeListing } from './tree-listing.js';
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
      if (key === prefix || prefix.startsWith(`${key}/`)) {
        throw new S3Error('UnsupportedKey', {
          message: 'A storage is mounted at or below this key, so it is a folder.',
        });
      }
    }
    if (!this.outer) throw new S3Error('UnsupportedKey', { message: 'No storage is mounted for this key.' });
    return { prefix: '', store: this.outer, key };
  }

  /** Whether a key of the bucket lies in a store. */
  holds(store: ObjectStore, key: ObjectKey): boolean {
    try {
      return this.place(key).store === store;
    } catch {
      return false;
    }
  }

  async head(key: ObjectKey): Promise<ObjectInfo> {
    const { store, key: inner } = this.placeToRead(key);
    return { ...(await store.head(inner)), key };
  }

  async open(key: ObjectKey): Promise<OpenObject> {
    const { store, key: inner } = this.placeToRead(key);
    const object = await store.open(inner);
    return {
      info: { ...object.info, key },
      read: (range) => object.read(range),
      close: () => object.close(),
    };
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
    return new TreeListing(this.stores(), query, (name, owner) => this.hiderOf(name, owner)).run();
  }

  /** The mount that hides what the store at `owner` has under a name; undefined for what it shows. */
  private hiderOf(name: string, owner: string): string | undefined {
    return this.mounts.find(
      ({ prefix }) =>
        prefix.length > owner.length &&
        (name.startsWith(prefix) || (prefix.startsWith(name) && prefix[name.length] === '/' && !name.endsWith('/'))),
    )?.prefix;
  }

  private placeToRead(key: ObjectKey): Placement {
    try {
      return this.place(key);
    } catch (error) {
      throw new S3Error('NoSuchKey', { details: { Key: key }, cause: error });
    }
  }
}
