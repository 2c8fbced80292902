import { S3Error } from '../../errors/s3-error.js';
import type { S3Request } from '../../http/s3-request.js';
import type { ByteRange } from '../../objects/byte-range.js';
import { matchesETag } from '../../objects/write-conditions.js';
import type { Checksum } from '../../objects/checksum.js';
import type { ObjectInfo } from '../../objects/object-info.js';
import { FACTS_ONLY, type ReadIntent } from '../../objects/read-intent.js';
import type { ObjectContext } from '../operation.js';
import { appendChecksum, wantsChecksum } from '../parameters/checksum-headers.js';
import { decodeReadConditions } from '../parameters/conditional-headers.js';
import { parseETagList } from '../parameters/entity-tags.js';
import { parseHttpDate } from '../parameters/http-date.js';
import { notModifiedHeaders, objectResponseHeaders } from '../parameters/object-response-headers.js';
import { parsePartNumber } from '../parameters/part-number.js';
import { selectRange, unsatisfiableRange } from '../parameters/range-header.js';
import { evaluateReadConditions } from '../parameters/read-preconditions.js';
import { decodeResponseOverrides, RESPONSE_OVERRIDE_PARAMETERS } from '../parameters/response-overrides.js';
import { refuseDecryptionHeaders } from '../parameters/unsupported-headers.js';
import { requireNullVersion } from '../parameters/version-id.js';

/** Query parameters of GetObject and HeadObject. */
export const READ_PARAMETERS = ['partNumber', 'versionId', ...RESPONSE_OVERRIDE_PARAMETERS];

const WHOLE: ReadIntent = { tags: false, parts: 'none' };

/** What GetObject and HeadObject answer, but for the bytes. */
export interface ReadAnswer {
  readonly status: 200 | 206 | 304;
  readonly headers: string[];
  /** The bytes to send; undefined for 304. */
  readonly range?: ByteRange;
}

/** Refuses what cannot be answered whatever the object is. @throws S3Error */
export function checkReadRequest(request: S3Request): void {
  refuseDecryptionHeaders(request.headers);
  if (request.query.list.length === 0) return;
  requireNullVersion(request.query);
  if (request.headers.has('range') && request.query.has('partNumber')) {
    throw new S3Error('InvalidRequest', {
      message: 'Cannot specify both Range header and partNumber query parameter',
    });
  }
}

/** What GetObject will read, as far as its headers tell. */
export function readIntent({ headers, query }: S3Request): ReadIntent {
  if (query.list.length > 0 && query.has('partNumber')) return partIntent(query.get('partNumber') as string);
  // Most of these end in 304: no bytes.
  if (headers.has('if-none-match') || headers.has('if-modified-since')) return FACTS_ONLY;
  const range = headers.get('range');
  // Whether an If-Range holds is known only when the version is.
  return range === undefined || headers.has('if-range') ? WHOLE : { ...WHOLE, bytes: range };
}

/** What HeadObject will look at. */
export function headIntent({ query }: S3Request): ReadIntent {
  const number = query.list.length > 0 ? query.get('partNumber') : undefined;
  return number === undefined ? FACTS_ONLY : partIntent(number);
}

function partIntent(number: string): ReadIntent {
  return { ...FACTS_ONLY, parts: parsePartNumber(number) };
}

/**
 * Applies preconditions, range and part number of a request to an object.
 *
 * @throws S3Error `PreconditionFailed`, `InvalidRange`, `InvalidPartNumber`, `InvalidRequest`
 */
export function describeRead({ request, principal }: ObjectContext, info: ObjectInfo): ReadAnswer {
  const { headers, query } = request;
  const outcome = evaluateReadConditions(decodeReadConditions(headers), info);
  if (outcome === 'not-modified') return { status: 304, headers: notModifiedHeaders(info) };
  if (outcome === 'failed') {
    const condition = headers.has('if-match') ? 'If-Match' : 'If-Unmodified-Since';
    throw new S3Error('PreconditionFailed', { details: { Condition: condition } });
  }
  const hasQuery = query.list.length > 0;
  const out = objectResponseHeaders(info, hasQuery ? decodeResponseOverrides(query, principal) : undefined);
  const partNumber = hasQuery ? query.get('partNumber') : undefined;
  if (partNumber !== undefined) return describePart(request, info, parsePartNumber(partNumber), out);
  const range = headers.get('range');
  if (range !== undefined && rangeApplies(headers.get('if-range'), info)) {
    const selected = selectRange(range, info.size);
    if (selected === 'unsatisfiable') throw unsatisfiableRange(range, info.size);
    if (selected !== 'whole') return partial(out, selected, info.size);
  }
  if (wantsChecksum(headers)) appendChecksum(out, info.checksum);
  return complete(out, { start: 0, end: info.size });
}

/** RFC 9110 section 13.1.5: the range is meant for the version that `If-Range` names, else the client wants all of the new one. */
function rangeApplies(ifRange: string | undefined, info: ObjectInfo): boolean {
  if (ifRange === undefined) return true;
  const date = parseHttpDate(ifRange);
  if (date === undefined) return matchesETag(parseETagList(ifRange, 'strong'), info.etag);
  return Math.floor(info.lastModified.getTime() / 1000) === Math.floor(date.getTime() / 1000);
}

function describePart(request: S3Request, info: ObjectInfo, number: number, out: string[]): ReadAnswer {
  const { parts, size, checksum } = info;
  const count = info.partCount ?? parts?.length ?? 1;
  let start = 0;
  let end = size;
  let partChecksum = checksum;
  if (parts !== undefined) {
    const at = parts.findIndex((part) => part.number === number);
    const part = parts[at];
    if (part === undefined) throw noSuchPart(number, count);
    if (part.start !== undefined) start = part.start;
    else for (let i = 0; i < at; i++) start += (parts[i] as { size: number }).size;
    end = start + part.size;
    partChecksum = checksumOfPart(checksum, part.checksum);
    out.push('x-amz-mp-parts-count', String(count));
  } else if (number !== 1) throw noSuchPart(number, 1);
  if (wantsChecksum(request.headers)) appendChecksum(out, partChecksum);
  // No Content-Range can describe zero bytes.
  if (start === end) return complete(out, { start, end });
  return partial(out, { start, end }, size);
}

/** The type stays the object's: it tells how the whole was made, and S3 gives it with each part. */
function checksumOfPart(whole: Checksum | undefined, value: string | undefined): Checksum | undefined {
  return whole === undefined || value === undefined
    ? undefined
    : { algorithm: whole.algorithm, type: whole.type, value };
}

function noSuchPart(number: number, count: number): S3Error {
  return new S3Error('InvalidPartNumber', {
    details: { PartNumberRequested: String(number), ActualPartCount: String(count) },
  });
}

function complete(out: string[], range: ByteRange): ReadAnswer {
  out.push('Content-Length', String(range.end - range.start));
  return { status: 200, headers: out, range };
}

function partial(out: string[], range: ByteRange, size: number): ReadAnswer {
  const { start, end } = range;
  out.push('Content-Length', String(end - start), 'Content-Range', `bytes ${start}-${end - 1}/${size}`);
  return { status: 206, headers: out, range };
}
