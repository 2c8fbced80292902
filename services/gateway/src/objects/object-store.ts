import type { ObjectKey } from '../http/object-key.js';
import type { MaybePromise } from '../maybe-promise.js';
import type { ByteRange } from './byte-range.js';
import type { WriteConditions } from './conditions.js';
import type { ListQuery, ObjectListing } from './listing.js';
import type { MultipartStore } from './multipart-store.js';
import type { ObjectBody } from './object-body.js';
import type { ObjectAttributes, ObjectInfo, Tag } from './object-info.js';

/** Sequential reader over one version of one object. */
export interface ObjectReader {
  /** Fills the buffer from its start; resolves with the number of bytes, 0 at the end. */
  read(buffer: Buffer): MaybePromise<number>;
  close(): MaybePromise<void>;
}

/** One version of an object, pinned: its facts and its bytes belong together however often the key is overwritten meanwhile. */
export interface OpenObject {
  readonly info: ObjectInfo;
  /** At most one reader for one open object; closing the reader closes the object. */
  read(range: ByteRange): MaybePromise<ObjectReader>;
  close(): MaybePromise<void>;
}

export interface PutObject {
  readonly key: ObjectKey;
  readonly body: ObjectBody;
  readonly attributes: ObjectAttributes;
  readonly conditions: WriteConditions;
}

/** What a store can and cannot do, as data; operations turn a missing capability into a clear S3 error. */
export interface StoreCapabilities {
  /** `If-None-Match: *` and `If-Match` on writes are exact, also with several gateways. */
  readonly conditionalWrites: boolean;
  readonly tagging: boolean;
  readonly multipart: boolean;
}

/**
 * What S3 means for the objects of one bucket. Keys are relative to the bucket. Implementations throw {@link S3Error}
 * (`NoSuchKey`, `PreconditionFailed`, `UnsupportedKey`, …) and never leave a half-written object visible.
 *
 * A later versioning layer adds `versionId` to `open`, `put` and `delete` results here.
 */
export interface ObjectStore {
  readonly capabilities: StoreCapabilities;

  /** @throws S3Error `NoSuchKey` */
  head(key: ObjectKey): MaybePromise<ObjectInfo>;
  /** @throws S3Error `NoSuchKey` */
  open(key: ObjectKey): MaybePromise<OpenObject>;
  put(request: PutObject): Promise<ObjectInfo>;
  /** Deleting what is not there succeeds, as in S3, unless a condition asks for it. */
  delete(key: ObjectKey, conditions: WriteConditions): MaybePromise<void>;
  list(query: ListQuery): MaybePromise<ObjectListing>;
  /** Replaces the tags, leaving everything else. @throws S3Error `NoSuchKey` */
  putTags(key: ObjectKey, tags: readonly Tag[]): MaybePromise<void>;
  readonly multipart: MultipartStore;
}
