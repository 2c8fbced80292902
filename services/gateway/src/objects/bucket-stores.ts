import { Injectable } from '@nestjs/common';
import type { BucketMapping, BucketQuota } from '../config/snapshot.js';
import { StorageTree } from '../storage/storage-tree.js';
import { BucketRoom } from '../usage/bucket-room.js';
import { LimitedObjectStore } from '../usage/limited-object-store.js';
import { UsageLedger } from '../usage/usage-ledger.js';
import type { ObjectStore } from './object-store.js';

/** The object stores of buckets: those of the tree, held to their quota where a bucket has one. */
@Injectable()
export class BucketStores {
  /** The same store each time, as long as its quota is the same: what is kept of it is kept by store. */
  private readonly limited = new WeakMap<BucketQuota, LimitedObjectStore>();

  constructor(
    private readonly tree: StorageTree,
    private readonly ledger: UsageLedger,
  ) {}

  /**
   * @param mustExist its folder is not made again by a write, once it is gone
   * @throws S3Error `NoSuchBucket` where no storage is at or below the path
   */
  of({ path, quota }: BucketMapping, mustExist = false): ObjectStore {
    const store = this.tree.storeAt(path, mustExist);
    if (quota === undefined) return store;
    let limited = this.limited.get(quota);
    if (limited?.store !== store) {
      limited = new LimitedObjectStore(store, new BucketRoom(this.ledger, path, quota, (key) => store.head(key)));
      this.limited.set(quota, limited);
    }
    return limited;
  }
}
