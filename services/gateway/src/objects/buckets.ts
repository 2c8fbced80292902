import type { Principal } from '../auth/identity.js';
import type { BucketMapping, CorsRule } from '../config/snapshot.js';
import type { BucketName } from '../http/bucket-name.js';
import type { MaybePromise } from '../maybe-promise.js';
import type { ObjectStore } from './object-store.js';
import type { Tag } from './object-info.js';

/** What a bucket's own clients have set on it (PutBucketCors, PutBucketTagging); kept in the bucket's storage. Later settings (policy, lifecycle, versioning) are further fields. */
export interface BucketSettings {
  readonly cors?: readonly CorsRule[];
  readonly tags?: readonly Tag[];
}

/** A bucket of the snapshot that a request works on. */
export interface Bucket {
  readonly name: BucketName;
  readonly mapping: BucketMapping;
  readonly store: ObjectStore;
  /**
   * Makes sure that it is still there, and not another's of the same name.
   *
   * @param heldBack the client had time to do something between; else what was found a moment ago counts
   * @throws S3Error `NoSuchBucket`
   */
  confirm(heldBack: boolean): MaybePromise<void>;
  /** The settings in force; those of the mapping come first where it has some. */
  settings(): MaybePromise<BucketSettings>;
  /** Replaces some settings; a field given as undefined is removed. */
  changeSettings(change: { [K in keyof BucketSettings]?: BucketSettings[K] | undefined }): MaybePromise<void>;
}

/** A row of ListBuckets. */
export interface ListedBucket {
  readonly name: BucketName;
  readonly createdAt: Date;
}

/** All buckets: those that the configuration maps and those that lie in the bucket root. */
export abstract class Buckets {
  /** @throws S3Error `NoSuchBucket` */
  abstract find(name: BucketName): MaybePromise<Bucket>;
  /**
   * The same for an operation on an object, which may go by what was found a moment (20 ms) ago: a busy bucket is then not
   * looked for with every request.
   *
   * @throws S3Error `NoSuchBucket`
   */
  abstract findRecent(name: BucketName): MaybePromise<Bucket>;
  /** Buckets in which the principal has any grant, in name order. */
  abstract list(principal: Principal): MaybePromise<readonly ListedBucket[]>;
  /** @throws S3Error `AccessDenied` (no bucket root, or not allowed), `BucketAlreadyExists`, `BucketAlreadyOwnedByYou` */
  abstract create(name: BucketName, principal: Principal): MaybePromise<void>;
  /** @throws S3Error `AccessDenied`, `NoSuchBucket`, `BucketNotEmpty` */
  abstract delete(name: BucketName, principal: Principal): MaybePromise<void>;
}
