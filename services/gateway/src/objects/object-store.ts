import type { ObjectKey } from '../http/object-key.js';
import type { MaybePromise } from '../maybe-promise.js';
import type { RawConnection } from '../storage/file-driver.js';
import type { ByteRange } from './byte-range.js';
import type { WriteConditions } from './conditions.js';
import type { ListQuery, ObjectListing } from './listing.js';
import type { MultipartStore } from './multipart-store.js';
import type { ObjectBody } from './object-body.js';
import type { ObjectAttributes, ObjectInfo, Tag } from './object-info.js';
import type { ReadIntent } from './read-intent.js';
import type { CopyObjectRequest, CopyOrigin } from './storage-copy.js';

/** Sequential reader over one version of one object. */
export interface ObjectReader {
  /** All that {@link read} would give, where it is in memory already. Not to be changed: others may be sent the same. */
  readonly content?: Buffer;
  /** Fills the buffer from its start; resolves with the number of bytes, 0 at the end. */
  read(buffer: Buffer): MaybePromise<number>;
  /** Hands the next bytes to a connection, as many as it takes, which may be none: see {@link OpenFile.send}. */
  readonly send?: (connection: RawConnection, length: number) => MaybePromise<number | undefined>;
  close(): MaybePromise<void>;
}

/** One version of an object, pinned: its facts and its bytes belong together however often the key is overwritten meanwhile. */
export interface OpenObject {
  readonly info: ObjectInfo;
  /** Where the storage can copy by itself. */
  readonly origin?: CopyOrigin;
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
  /** Checksums that come with an object are kept and given back; they are verified in any case. True where left out. */
  readonly checksums?: boolean;
  /**
   * An open object can be read whatever happens to its key; else reading fails with `SlowDown` once it was replaced, and who opens it
   * again reads the new one. True where left out.
   */
  readonly pinnedReads?: boolean;
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
  head(key: ObjectKey, intent?: ReadIntent): MaybePromise<ObjectInfo>;
  /** @throws S3Error `NoSuchKey` */
  open(key: ObjectKey, intent?: ReadIntent): MaybePromise<OpenObject>;
  /** Where the storage does not say when it stored an object, `lastModified` is about now. */
  put(request: PutObject): Promise<ObjectInfo>;
  /**
   * Has the storage copy an object by itself, with all that {@link put} keeps.
   *
   * @returns undefined where it cannot copy this one: then the bytes have to pass through here
   */
  copy?(request: CopyObjectRequest): Promise<ObjectInfo | undefined>;
  /**
   * A URL at which whoever has it can read the object for some minutes without the bytes passing through here. Whether the
   * object is there, the URL tells.
   *
   * @param overrides response headers to replace, by lower-case name
   * @returns undefined where the bytes have to come from here
   */
  redirectTo?(key: ObjectKey, overrides: ReadonlyMap<string, string>): MaybePromise<string | undefined>;
  /** Deleting what is not there succeeds, as in S3, unless a condition asks for it. */
  delete(key: ObjectKey, conditions: WriteConditions): MaybePromise<void>;
  list(query: ListQuery): MaybePromise<ObjectListing>;
  /** Replaces the tags, leaving everything else. @throws S3Error `NoSuchKey` */
  putTags(key: ObjectKey, tags: readonly Tag[]): MaybePromise<void>;
  readonly multipart: MultipartStore;
}
