import { S3Error } from '../../errors/s3-error.js';
import type { ObjectKey } from '../../http/object-key.js';
import type { ObjectStore } from '../object-store.js';

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

/** Which store each key of a bucket over several storages lies in. */
export class MountTable {
  /** The innermost first. */
  private readonly mounts: readonly MountedStore[];

  /** @param outer the store at the bucket's path itself; undefined where only mounts lie below it */
  constructor(
    private readonly outer: ObjectStore | undefined,
    mounts: readonly MountedStore[],
  ) {
    this.mounts = [...mounts].sort((one, other) => other.prefix.length - one.prefix.length);
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

  /** The same for reading: what lies in no store is not there. @throws S3Error `NoSuchKey` */
  placeToRead(key: ObjectKey): Placement {
    try {
      return this.place(key);
    } catch (error) {
      throw new S3Error('NoSuchKey', { details: { Key: key }, cause: error });
    }
  }

  /** The mount that hides what the store at `owner` has under a name; undefined for what it shows. */
  hiderOf(name: string, owner: string): string | undefined {
    return this.mounts.find(
      ({ prefix }) =>
        prefix.length > owner.length &&
        (name.startsWith(prefix) || (prefix.startsWith(name) && prefix[name.length] === '/' && !name.endsWith('/'))),
    )?.prefix;
  }

  /** Whether mounts have some of what begins with a name, where the store at `owner` has such names, too. */
  divides(name: string, owner: string): boolean {
    return this.mounts.some(
      ({ prefix }) => prefix.length > owner.length && (prefix.startsWith(name) || name.startsWith(prefix)),
    );
  }
}
