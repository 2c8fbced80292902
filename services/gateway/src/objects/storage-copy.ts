import type { ObjectKey } from '../http/object-key.js';
import type { ByteRange } from './byte-range.js';
import type { ChecksumAlgorithm } from './checksum.js';
import type { WriteConditions } from './conditions.js';
import type { ObjectAttributes, ObjectInfo } from './object-info.js';

/** Where a storage itself has an object: a store of the same storage can copy it without the bytes passing through here. */
export interface CopyOrigin {
  /** Which storage; never shown. */
  readonly storage: string;
  /** In words of that storage. */
  readonly place: string;
  /** The version. */
  readonly etag: string;
}

/** A copy that a storage is asked to make by itself. */
export interface CopyObjectRequest {
  readonly origin: CopyOrigin;
  readonly source: ObjectInfo;
  readonly key: ObjectKey;
  /** What the copy has; its tags are those of the source where `tagging` says so. */
  readonly attributes: ObjectAttributes;
  readonly tagging: 'COPY' | 'REPLACE';
  readonly conditions: WriteConditions;
  readonly checksumAlgorithm?: ChecksumAlgorithm;
}

/** A part that a storage is asked to copy by itself. */
export interface CopyPartRequest {
  readonly key: ObjectKey;
  readonly uploadId: string;
  readonly number: number;
  readonly origin: CopyOrigin;
  readonly source: ObjectInfo;
  /** Undefined for all of the source. */
  readonly range: ByteRange | undefined;
}
