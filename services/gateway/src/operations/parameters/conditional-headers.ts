import { S3Error } from '../../errors/s3-error.js';
import type { HeaderMap } from '../../http/header-map.js';
import { NO_CONDITIONS, type ReadConditions, type WriteConditions } from '../../objects/conditions.js';
import { parseETagList } from './entity-tags.js';
import { parseHttpDate, parseTimestamp } from './http-date.js';
import { notImplemented } from './not-implemented.js';

/** The conditions of GetObject and HeadObject. A date that cannot be read is as good as no header (RFC 9110). */
export function decodeReadConditions(headers: HeaderMap): ReadConditions {
  return readConditions(
    headers.get('if-match'),
    headers.get('if-none-match'),
    headers.get('if-modified-since'),
    headers.get('if-unmodified-since'),
  );
}

/** The conditions that CopyObject and UploadPartCopy put on their source. */
export function decodeCopySourceConditions(headers: HeaderMap): ReadConditions {
  return readConditions(
    headers.get('x-amz-copy-source-if-match'),
    headers.get('x-amz-copy-source-if-none-match'),
    headers.get('x-amz-copy-source-if-modified-since'),
    headers.get('x-amz-copy-source-if-unmodified-since'),
  );
}

function readConditions(
  match: string | undefined,
  noneMatch: string | undefined,
  modifiedSince: string | undefined,
  unmodifiedSince: string | undefined,
): ReadConditions {
  if ((match ?? noneMatch ?? modifiedSince ?? unmodifiedSince) === undefined) return NO_CONDITIONS;
  const since = modifiedSince === undefined ? undefined : parseHttpDate(modifiedSince);
  const until = unmodifiedSince === undefined ? undefined : parseHttpDate(unmodifiedSince);
  return {
    ...(match !== undefined && { ifMatch: parseETagList(match, 'strong') }),
    ...(noneMatch !== undefined && { ifNoneMatch: parseETagList(noneMatch, 'weak') }),
    ...(since !== undefined && { ifModifiedSince: since }),
    ...(until !== undefined && { ifUnmodifiedSince: until }),
  };
}

/**
 * The conditions of PutObject, CopyObject (on its target) and CompleteMultipartUpload.
 *
 * `If-None-Match` with an entity tag is more than Amazon's S3 takes and what others of its kind do.
 *
 * @throws S3Error `NotImplemented` for both headers at once, as S3 answers it
 */
export function decodeWriteConditions(headers: HeaderMap): WriteConditions {
  const match = headers.get('if-match');
  const noneMatch = headers.get('if-none-match');
  if (match === undefined && noneMatch === undefined) return NO_CONDITIONS;
  if (match !== undefined && noneMatch !== undefined) {
    throw notImplemented('If-Match, If-None-Match', 'Send either If-Match or If-None-Match with a write, not both.');
  }
  if (noneMatch === undefined) return { ifMatch: parseETagList(match as string, 'strong') };
  return { ifNoneMatch: parseETagList(noneMatch, 'strong') };
}

/**
 * The conditions of DeleteObject.
 *
 * @throws S3Error `InvalidArgument` where a size or a time cannot be read: to ignore it would delete what it was to protect
 */
export function decodeDeleteConditions(headers: HeaderMap): WriteConditions {
  return decodeDeleteConditionValues(
    headers.get('if-match'),
    headers.get('x-amz-if-match-size'),
    headers.get('x-amz-if-match-last-modified-time'),
  );
}

/** The same for values that came in the XML of DeleteObjects. */
export function decodeDeleteConditionValues(
  etag: string | undefined,
  size: string | undefined,
  lastModified: string | undefined,
): WriteConditions {
  if ((etag ?? size ?? lastModified) === undefined) return NO_CONDITIONS;
  return {
    ...(etag !== undefined && { ifMatch: parseETagList(etag, 'strong') }),
    ...(size !== undefined && { ifMatchSize: parseSize(size) }),
    ...(lastModified !== undefined && { ifMatchLastModified: parseTime(lastModified) }),
  };
}

function parseSize(text: string): number {
  const size = /^\d{1,15}$/.test(text) ? Number(text) : undefined;
  if (size === undefined) throw S3Error.invalidArgument('x-amz-if-match-size', text, 'The size is not a number.');
  return size;
}

function parseTime(text: string): Date {
  const time = parseTimestamp(text);
  if (time !== undefined) return time;
  throw S3Error.invalidArgument('x-amz-if-match-last-modified-time', text, 'The time is not an HTTP or ISO 8601 date.');
}
