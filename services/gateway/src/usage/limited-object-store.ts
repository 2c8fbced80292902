import type { ObjectKey } from '../http/object-key.js';
import type { MaybePromise } from '../maybe-promise.js';
import type { WriteConditions } from '../objects/conditions.js';
import type { ListQuery, ObjectListing } from '../objects/listing.js';
import type { ObjectInfo, Tag } from '../objects/object-info.js';
import type { ObjectStore, OpenObject, PutObject, StoreCapabilities } from '../objects/object-store.js';
import type { ReadIntent } from '../objects/read-intent.js';
import type { BucketRoom } from './bucket-room.js';
import { limitBody } from './limit-body.js';
import { LimitedMultipartStore } from './limited-multipart-store.js';

/**
 * The store of a bucket with a quota: refuses writes for which there is no room, before their bytes are asked for where their
 * length is declared. Only such buckets have one, so that all others pay nothing.
 */
export class LimitedObjectStore implements ObjectStore {
  readonly multipart: LimitedMultipartStore;
  readonly copy?: NonNullable<ObjectStore['copy']>;
  readonly redirectTo?: NonNullable<ObjectStore['redirectTo']>;

  constructor(
    /** That of the bucket without a quota. */
    readonly store: ObjectStore,
    private readonly room: BucketRoom,
  ) {
    this.multipart = new LimitedMultipartStore(store.multipart, room);
    const copy = store.copy?.bind(store);
    if (copy !== undefined) {
      this.copy = (request) => room.write(request.key, request.source.size, () => copy(request));
    }
    const redirectTo = store.redirectTo?.bind(store);
    if (redirectTo !== undefined) this.redirectTo = redirectTo;
  }

  get capabilities(): StoreCapabilities {
    return this.store.capabilities;
  }

  head(key: ObjectKey, intent?: ReadIntent): MaybePromise<ObjectInfo> {
    return this.store.head(key, intent);
  }

  open(key: ObjectKey, intent?: ReadIntent): MaybePromise<OpenObject> {
    return this.store.open(key, intent);
  }

  async put(request: PutObject): Promise<ObjectInfo> {
    const { key, body } = request;
    const { length } = body;
    if (length !== undefined) return await this.room.write(key, length, () => this.store.put(request));
    const { room } = this;
    const limited = room.limitsBytes ? { ...request, body: limitBody(body, room, () => room.sizeOf(key)) } : request;
    return await this.room.write(key, 1, () => this.store.put(limited));
  }

  delete(key: ObjectKey, conditions: WriteConditions): MaybePromise<void> {
    const deleting = this.store.delete(key, conditions);
    if (deleting instanceof Promise) return deleting.then(() => this.room.deleted(key));
    this.room.deleted(key);
  }

  list(query: ListQuery): MaybePromise<ObjectListing> {
    return this.store.list(query);
  }

  putTags(key: ObjectKey, tags: readonly Tag[]): MaybePromise<void> {
    return this.store.putTags(key, tags);
  }
}
