import type { ObjectKey } from '../http/object-key.js';
import type { Checksum, ChecksumType } from './checksum.js';

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
  /** Where it begins in the object, if that does not follow from the parts before it. */
  readonly start?: number;
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
  /** How many parts there are, where not all of them are given. */
  readonly partCount?: number;
  /** How many tags there are, where they themselves were not asked for. */
  readonly tagCount?: number;
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
