import type { ObjectKey } from '../http/object-key.js';
import type { ByteRange } from './byte-range.js';
import type { Checksum, ChecksumType } from './checksum.js';
import type { ObjectListing, ListQuery } from './listing.js';
import type { MultipartStore } from './multipart-store.js';
import type { ReadConditions, WriteConditions } from './conditions.js';

/** A value, or a promise of it: local storages answer at once, and the hot paths must not pay for a queue they do not need. */
export type MaybePromise<T> = T | Promise<T>;

/** What a client stores with an object besides its bytes. Values are as they came in, ready for a response header. */
export interface ObjectAttributes {
  /** Stored response headers by lower-case name: content-type, cache-control, content-disposition, content-encoding, content-language, expires, x-amz-website-redirect-location, x-amz-storage-class. */
  readonly headers: Readonly<Record<string, string>>;
  /** User metadata by lower-case name, without the `x-amz-meta-` prefix. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: readonly Tag[];
}

export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** A part of a completed multipart upload, as GetObjectAttributes and `?partNumber` give it. */
export interface ObjectPart {
  readonly number: number;
  /** Bytes. */
  readonly size: number;
  /** base64, as on the wire. */
  readonly checksum?: string;
}

/** What is known of an object. */
export interface ObjectInfo {
  readonly key: ObjectKey;
  /** Bytes. */
  readonly size: number;
  readonly lastModified: Date;
  /** Without quotes. An MD5 in hex, `<md5 of md5s>-<parts>`, or an opaque `<hash>-1` for a file that nobody put through S3. */
  readonly etag: string;
  readonly attributes: ObjectAttributes;
  readonly checksum?: Checksum;
  readonly parts?: readonly ObjectPart[];
}

/** A row of a listing: no attributes, so that a page does not pay for them. */
export interface ListedObject {
  readonly key: ObjectKey;
  readonly size: number;
  readonly lastModified: Date;
  readonly etag: string;
  readonly checksumAlgorithm?: Checksum['algorithm'];
  readonly checksumType?: ChecksumType;
}

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

/** Receives decoded bytes. A piece belongs to the sink until the returned promise resolves. */
export interface ByteSink {
  write(piece: Buffer): MaybePromise<void>;
}

/** What was computed of a body while it passed. */
export interface BodyDigests {
  readonly size: number;
  /** Hex. */
  readonly md5: string;
  readonly checksum?: Checksum;
}

/** The bytes of an upload, checked while they pass. */
export interface ObjectBody {
  /** Decoded bytes that will come, declared and enforced; undefined where only the end of a form's file part tells. */
  readonly length: number | undefined;
  /**
   * Hands all bytes to the sink in order, in pieces of up to 1 MiB, each as full as possible. The last piece is handed on only after length, digests and
   * signatures have been found right, so a sink that sees the end of a body of one piece has seen nothing unverified.
   *
   * @throws S3Error whatever is wrong with the body; the sink must then discard what it got
   */
  transfer(sink: ByteSink): Promise<BodyDigests>;
}

export interface PutObject {
  readonly key: ObjectKey;
  readonly body: ObjectBody;
  readonly attributes: ObjectAttributes;
  readonly conditions: WriteConditions;
}

/** Where a server-side copy comes from. */
export interface CopySource {
  readonly store: ObjectStore;
  readonly key: ObjectKey;
  readonly conditions: ReadConditions;
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
