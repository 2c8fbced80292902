import type { ObjectKey } from '../../http/object-key.js';
import type { WriteConditions } from '../conditions.js';
import type { ListQuery, ObjectListing } from '../listing.js';
import type { MaybePromise } from '../../maybe-promise.js';
import type { ObjectInfo, Tag } from '../object-info.js';
import type { ObjectStore, OpenObject, PutObject, StoreCapabilities } from '../object-store.js';
import type { ReadIntent } from '../read-intent.js';
import { requireConditionalWrites, requireTagging } from '../require-capabilities.js';
import type { CopyObjectRequest } from '../storage-copy.js';
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

  /** What any of the storages can do: which one it is, and whether that one can, is known with the key. */
  get capabilities(): StoreCapabilities {
    const all = this.mounts.stores().map(({ store }) => store.capabilities);
    return {
      conditionalWrites: all.some((one) => one.conditionalWrites),
      tagging: all.some((one) => one.tagging),
      multipart: all.some((one) => one.multipart),
      pinnedReads: all.every((one) => one.pinnedReads !== false),
      checksums: all.some((one) => one.checksums !== false),
    };
  }

  async head(key: ObjectKey, intent?: ReadIntent): Promise<ObjectInfo> {
    const { store, key: inner } = this.mounts.placeToRead(key);
    return { ...(await store.head(inner, intent)), key };
  }

  async open(key: ObjectKey, intent?: ReadIntent): Promise<OpenObject> {
    const { store, key: inner } = this.mounts.placeToRead(key);
    const object = await store.open(inner, intent);
    return {
      info: { ...object.info, key },
      ...(object.origin && { origin: object.origin }),
      read: (range) => object.read(range),
      close: () => object.close(),
    };
  }

  async put(request: PutObject): Promise<ObjectInfo> {
    const { store, key } = this.mounts.place(request.key);
    requireConditionalWrites(store, request.conditions);
    requireTagging(store, request.attributes.tags);
    return { ...(await store.put({ ...request, key })), key: request.key };
  }

  async copy(request: CopyObjectRequest): Promise<ObjectInfo | undefined> {
    const { store, key } = this.mounts.place(request.key);
    requireConditionalWrites(store, request.conditions);
    requireTagging(store, request.attributes.tags);
    const copied = await store.copy?.({ ...request, key });
    return copied && { ...copied, key: request.key };
  }

  redirectTo(key: ObjectKey, overrides: ReadonlyMap<string, string>): MaybePromise<string | undefined> {
    const { store, key: inner } = this.mounts.placeToRead(key);
    return store.redirectTo?.(inner, overrides);
  }

  async delete(key: ObjectKey, conditions: WriteConditions): Promise<void> {
    const { store, key: inner } = this.mounts.place(key);
    requireConditionalWrites(store, conditions);
    await store.delete(inner, conditions);
  }

  putTags(key: ObjectKey, tags: readonly Tag[]): MaybePromise<void> {
    const { store, key: inner } = this.mounts.place(key);
    requireTagging(store);
    return store.putTags(inner, tags);
  }

  async list(query: ListQuery): Promise<ObjectListing> {
    return new TreeListing(this.mounts.stores(), query, (name, owner) => this.mounts.hiderOf(name, owner)).run();
  }
}
