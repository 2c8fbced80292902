import type { ObjectKey } from '../../http/object-key.js';
import type { WriteConditions } from '../conditions.js';
import type { ListQuery, ObjectListing } from '../listing.js';
import type { MaybePromise } from '../../maybe-promise.js';
import type { ObjectInfo, Tag } from '../object-info.js';
import type { ObjectStore, OpenObject, PutObject, StoreCapabilities } from '../object-store.js';
import { MountTable, type MountedStore } from './mount-table.js';
import { TreeListing } from './tree-listing.js';
import { TreeMultipartStore } from './tree-multipart-store.js';

/** A bucket over several storages: each mount is a folder of it, and hides what the outer storage has under that name. */
export class TreeObjectStore implements ObjectStore {
  readonly multipart: TreeMultipartStore;
  readonly mounts: MountTable;

  /** @param outer the store at the bucket's path itself; undefined where only mounts lie below it */
  constructor(outer: ObjectStore | undefined, mounts: readonly MountedStore[]) {
    this.mounts = new MountTable(outer, mounts);
    this.multipart = new TreeMultipartStore(this.mounts);
  }

  get capabilities(): StoreCapabilities {
    const all = this.mounts.stores().map(({ store }) => store.capabilities);
    return {
      conditionalWrites: all.every((one) => one.conditionalWrites),
      tagging: all.every((one) => one.tagging),
      multipart: all.every((one) => one.multipart),
    };
  }

  async head(key: ObjectKey): Promise<ObjectInfo> {
    const { store, key: inner } = this.mounts.placeToRead(key);
    return { ...(await store.head(inner)), key };
  }

  async open(key: ObjectKey): Promise<OpenObject> {
    const { store, key: inner } = this.mounts.placeToRead(key);
    const object = await store.open(inner);
    return {
      info: { ...object.info, key },
      read: (range) => object.read(range),
      close: () => object.close(),
    };
  }

  async put(request: PutObject): Promise<ObjectInfo> {
    const { store, key } = this.mounts.place(request.key);
    return { ...(await store.put({ ...request, key })), key: request.key };
  }

  async delete(key: ObjectKey, conditions: WriteConditions): Promise<void> {
    const { store, key: inner } = this.mounts.place(key);
    await store.delete(inner, conditions);
  }

  putTags(key: ObjectKey, tags: readonly Tag[]): MaybePromise<void> {
    const { store, key: inner } = this.mounts.place(key);
    return store.putTags(inner, tags);
  }

  async list(query: ListQuery): Promise<ObjectListing> {
    return new TreeListing(this.mounts.stores(), query, (name, owner) => this.mounts.hiderOf(name, owner)).run();
  }
}
