import type {
  ChecksumType as SdkChecksumType,
  GetObjectCommandOutput,
  HeadObjectCommandOutput,
  StorageClass,
} from '@aws-sdk/client-s3';
import type { ObjectKey } from '../../http/object-key.js';
import {
  CHECKSUM_ALGORITHMS,
  type Checksum,
  type ChecksumAlgorithm,
  type ChecksumType,
} from '../../objects/checksum.js';
import type { ObjectAttributes, ObjectInfo, Tag } from '../../objects/object-info.js';
import { StorageError } from '../storage-error.js';
import { toSignedText } from './header-value.js';

const STANDARD = 'STANDARD';
/** The content encoding of a request whose body has a trailer. */
const FRAMING = 'aws-chunked';
const NO_TAGS: readonly Tag[] = [];

/** The checksum members of the SDK's inputs and outputs. */
export type SdkChecksums = { [K in `Checksum${ChecksumAlgorithm}`]?: string | undefined } & {
  ChecksumType?: SdkChecksumType | undefined;
};

/** The stored headers and metadata of an object as the SDK's inputs name them. */
export interface SdkAttributes {
  CacheControl?: string;
  ContentDisposition?: string;
  ContentEncoding?: string;
  ContentLanguage?: string;
  ContentType?: string;
  WebsiteRedirectLocation?: string;
  StorageClass?: StorageClass;
  Metadata?: Record<string, string>;
}

/** Facts of a head, or of the head of a read. */
export type SdkFacts = HeadObjectCommandOutput | GetObjectCommandOutput;

/** Stored headers and metadata for a request. `Expires` is a header of its own: see {@link expiresOf}. */
export function toSdkAttributes({ headers, metadata }: ObjectAttributes): SdkAttributes {
  const out: SdkAttributes = {};
  for (const [name, value] of Object.entries(headers)) {
    const text = toSignedText(name, value);
    if (name === 'cache-control') out.CacheControl = text;
    else if (name === 'content-disposition') out.ContentDisposition = text;
    else if (name === 'content-encoding') Object.assign(out, contentEncoding(text));
    else if (name === 'content-language') out.ContentLanguage = text;
    else if (name === 'content-type') out.ContentType = text;
    else if (name === 'x-amz-website-redirect-location') out.WebsiteRedirectLocation = text;
    else if (name === 'x-amz-storage-class') out.StorageClass = text as StorageClass;
  }
  const entries = Object.entries(metadata);
  if (entries.length > 0) {
    out.Metadata = Object.fromEntries(
      entries.map(([name, value]) => [name, toSignedText(`x-amz-meta-${name}`, value)]),
    );
  }
  return out;
}

/**
 * Puts headers as they are stored into a request: the SDK makes a date of `Expires`, and gives objects without a type one.
 */
export function exactHeaders(attributes: ObjectAttributes): (headers: Record<string, string>) => void {
  return (headers) => {
    const { expires, 'content-type': type } = attributes.headers;
    if (expires !== undefined) headers['expires'] = toSignedText('expires', expires);
    if (type === undefined) delete headers['content-type'];
  };
}

/** Tags as the `x-amz-tagging` header has them. */
export function toTagging(tags: readonly Tag[]): string | undefined {
  if (tags.length === 0) return undefined;
  return tags.map(({ key, value }) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`).join('&');
}

/** What is known of an object from the headers of an answer; its tags where they are given. */
export function toObjectInfo(
  key: ObjectKey,
  facts: SdkFacts,
  size: number,
  tags: readonly Tag[] = NO_TAGS,
): ObjectInfo {
  const checksum = toChecksum(facts);
  return {
    key,
    size,
    lastModified: facts.LastModified ?? new Date(0),
    etag: unquoted(facts.ETag),
    attributes: { headers: storedHeaders(facts), metadata: { ...facts.Metadata }, tags },
    ...(tags.length === 0 && facts.TagCount !== undefined && { tagCount: facts.TagCount }),
    ...(checksum && { checksum }),
  };
}

/**
 * The size of the whole object, also where a range of it was asked for.
 *
 * @throws StorageError where the answer does not say it
 */
export function sizeOf(facts: SdkFacts): number {
  if (!isPart(facts)) return lengthOf(facts);
  // The length is that of the range; a server may not know the whole, and says `*`.
  const total = /\/(\d+)$/.exec(facts.ContentRange ?? '')?.[1];
  if (total === undefined) throw unknownLength();
  return Number(total);
}

function isPart({ ContentRange, $metadata }: SdkFacts): boolean {
  return ContentRange !== undefined || $metadata.httpStatusCode === 206;
}

/**
 * The length of an answer's body. One that only its end tells is no length of zero: an object that is taken for empty would be
 * served, copied, and its source then deleted.
 *
 * @throws StorageError where the answer does not say it
 */
export function lengthOf({ ContentLength }: SdkFacts): number {
  if (ContentLength === undefined) throw unknownLength();
  return ContentLength;
}

function unknownLength(): StorageError {
  return new StorageError('unavailable', 'The upstream S3 does not say how long an object is.');
}

function storedHeaders(facts: SdkFacts): Record<string, string> {
  const headers: Record<string, string> = {};
  const put = (name: string, value: string | undefined): void => {
    if (value !== undefined && value !== '') headers[name] = value;
  };
  put('content-type', facts.ContentType);
  put('cache-control', facts.CacheControl);
  put('content-disposition', facts.ContentDisposition);
  put('content-encoding', withoutFraming(facts.ContentEncoding));
  put('content-language', facts.ContentLanguage);
  put('expires', facts.ExpiresString);
  put('x-amz-website-redirect-location', facts.WebsiteRedirectLocation);
  if (facts.StorageClass !== STANDARD) put('x-amz-storage-class', facts.StorageClass);
  return headers;
}

/**
 * A content encoding without `aws-chunked`, which frames a request and is none of the object's. Some servers (versitygw) keep it with the
 * object, and clients do not know what to do with it.
 *
 * @returns undefined where nothing else is left
 */
function withoutFraming(encoding: string | undefined): string | undefined {
  if (encoding === undefined || !/aws-chunked/i.test(encoding)) return encoding;
  const others = encoding.split(',').filter((one) => one.trim().toLowerCase() !== FRAMING);
  return others.length === 0 ? undefined : others.join(',').trim();
}

function contentEncoding(value: string): Pick<SdkAttributes, 'ContentEncoding'> {
  const encoding = withoutFraming(value);
  return encoding === undefined ? {} : { ContentEncoding: encoding };
}

/** The checksum of an answer, if it has one. */
export function toChecksum(facts: SdkChecksums): Checksum | undefined {
  for (const algorithm of CHECKSUM_ALGORITHMS) {
    const value = facts[`Checksum${algorithm}`];
    if (value !== undefined) return { algorithm, value, type: checksumType(facts.ChecksumType, value) };
  }
  return undefined;
}

function checksumType(stated: string | undefined, value: string): ChecksumType {
  if (stated === 'COMPOSITE' || stated === 'FULL_OBJECT') return stated;
  return value.includes('-') ? 'COMPOSITE' : 'FULL_OBJECT';
}

/** A checksum as a member of an SDK's input. */
export function toSdkChecksum(checksum: { algorithm: ChecksumAlgorithm; value: string } | undefined): SdkChecksums {
  return checksum === undefined ? {} : { [`Checksum${checksum.algorithm}`]: checksum.value };
}

/** An entity tag without its quotes, which not every server writes. */
export function unquoted(etag: string | undefined): string {
  return (etag ?? '').replace(/^(?:W\/)?"(.*)"$/, '$1');
}

/**
 * The entity tag of what the upstream has stored, without its quotes. Every S3 gives one: an answer without it is a page of
 * something in between, or an error that came after the status 200.
 *
 * @throws StorageError where there is none
 */
export function storedETag(etag: string | undefined): string {
  const bare = unquoted(etag);
  if (bare === '') throw notStored();
  return bare;
}

/** The error for an answer that says 200, and nothing of what was done. */
export function notStored(): StorageError {
  return new StorageError('unavailable', 'The upstream S3 does not say that it has done what it was asked.');
}

export function quoted(etag: string): string {
  return `"${etag}"`;
}
