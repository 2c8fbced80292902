import type { ObjectKey } from '../http/object-key.js';
import type { Checksum, ChecksumAlgorithm, ChecksumType } from './checksum.js';
import type { WriteConditions } from './conditions.js';
import type { MaybePromise } from '../maybe-promise.js';
import type { ObjectAttributes, ObjectInfo } from './object-info.js';
import type { ObjectBody } from './object-body.js';
import type { CopyPartRequest } from './storage-copy.js';

/** What CreateMultipartUpload fixes. */
export interface NewUpload {
  readonly key: ObjectKey;
  readonly attributes: ObjectAttributes;
  readonly checksumAlgorithm?: ChecksumAlgorithm;
  readonly checksumType?: ChecksumType;
  /** Access key id of the initiator. */
  readonly initiator: string;
}

/** An upload that is under way. */
export interface UploadInfo extends NewUpload {
  readonly uploadId: string;
  readonly initiated: Date;
}

/** A part as it was stored. */
export interface PartInfo {
  readonly number: number;
  readonly size: number;
  /** MD5 in hex. */
  readonly etag: string;
  readonly lastModified: Date;
  readonly checksum?: Checksum;
}

/** A part as CompleteMultipartUpload names it. */
export interface CompletedPart {
  readonly number: number;
  /** Without quotes. */
  readonly etag: string;
  /** base64. */
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly value: string };
}

export interface CompleteUpload {
  readonly key: ObjectKey;
  readonly uploadId: string;
  readonly parts: readonly CompletedPart[];
  readonly conditions: WriteConditions;
  /** `x-amz-mp-object-size`, if sent. */
  readonly expectedSize?: number;
  /** The checksum of the whole object, if sent. */
  readonly expectedChecksum?: { readonly algorithm: ChecksumAlgorithm; readonly value: string };
  readonly checksumType?: ChecksumType;
}

export interface PartsPage {
  readonly upload: UploadInfo;
  readonly parts: readonly PartInfo[];
  readonly truncated: boolean;
}

export interface UploadsQuery {
  readonly prefix: string;
  readonly delimiter: string;
  readonly keyMarker: string;
  readonly uploadIdMarker: string;
  readonly limit: number;
}

export type UploadsEntry =
  { readonly kind: 'upload'; readonly upload: UploadInfo } | { readonly kind: 'prefix'; readonly prefix: string };

export interface UploadsPage {
  readonly entries: readonly UploadsEntry[];
  readonly truncated: boolean;
}

/**
 * Multipart uploads of one bucket. All state lies in the storage, so any replica can take any part.
 * An upload id that is unknown, or belongs to another key, is `NoSuchUpload`.
 */
export interface MultipartStore {
  create(upload: NewUpload): Promise<UploadInfo>;
  /** Facts of an upload. @throws S3Error `NoSuchUpload` */
  get(key: ObjectKey, uploadId: string): MaybePromise<UploadInfo>;
  /**
   * Facts of an upload, perhaps as they were a while ago: enough to know what a part is to be checked with. Left out where
   * {@link get} costs nothing. @throws S3Error `NoSuchUpload`
   */
  recall?(key: ObjectKey, uploadId: string): MaybePromise<Pick<UploadInfo, 'checksumAlgorithm'>>;
  /** Stores a part, replacing an earlier one of that number only once the new one is whole. */
  putPart(key: ObjectKey, uploadId: string, number: number, body: ObjectBody): Promise<PartInfo>;
  /**
   * Has the storage copy a range of an object into a part by itself.
   *
   * @returns undefined where it cannot: then the bytes have to pass through here
   */
  copyPart?(part: CopyPartRequest): Promise<PartInfo | undefined>;
  /** Makes the object. Repeating a completed one with the same parts answers the same. */
  complete(request: CompleteUpload): Promise<ObjectInfo>;
  abort(key: ObjectKey, uploadId: string): Promise<void>;
  /** Parts in number order behind `marker`. */
  listParts(key: ObjectKey, uploadId: string, marker: number, limit: number): Promise<PartsPage>;
  listUploads(query: UploadsQuery): Promise<UploadsPage>;
}
