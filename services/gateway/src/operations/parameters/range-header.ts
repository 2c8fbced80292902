import { S3Error } from '../../errors/s3-error.js';
import type { ByteRange } from '../../objects/byte-range.js';

/** What a `Range` header means for an object of known size. */
export type RangeSelection = ByteRange | 'whole' | 'unsatisfiable';

const UNIT = 'bytes=';

/**
 * Applies a `Range` header (RFC 9110 section 14.2). What is no valid single range of bytes selects the whole object, as
 * S3 does: another unit, broken syntax, several ranges.
 *
 * @param size of the object, in bytes
 */
export function selectRange(header: string, size: number): RangeSelection {
  if (header.length <= UNIT.length || header.slice(0, UNIT.length).toLowerCase() !== UNIT) return 'whole';
  const text = header.slice(UNIT.length).trim();
  const dash = text.indexOf('-');
  if (dash < 0) return 'whole';
  if (dash === 0) return selectSuffix(parsePosition(text, 1, text.length), size);
  const first = parsePosition(text, 0, dash);
  const last = dash === text.length - 1 ? Infinity : parsePosition(text, dash + 1, text.length);
  if (first === undefined || last === undefined || last < first) return 'whole';
  if (first >= size) return 'unsatisfiable';
  return { start: first, end: Math.min(last + 1, size) };
}

function selectSuffix(length: number | undefined, size: number): RangeSelection {
  if (length === undefined) return 'whole';
  if (length === 0 || size === 0) return 'unsatisfiable';
  return { start: Math.max(0, size - length), end: size };
}

/** Digits only. Numbers beyond 2^53 lose precision, and are beyond any object all the same. */
function parsePosition(text: string, start: number, end: number): number | undefined {
  if (start >= end) return undefined;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}

/** The error for a range that lies outside the object, with what a client needs to ask again. */
export function unsatisfiableRange(header: string, size: number): S3Error {
  return new S3Error('InvalidRange', {
    details: { RangeRequested: header, ActualObjectSize: String(size) },
    headers: { 'Content-Range': `bytes */${size}` },
  });
}

/**
 * Applies `x-amz-copy-source-range`, which unlike `Range` must be exactly `bytes=first-last` and lie within the source.
 *
 * @throws S3Error `InvalidArgument` for another form, `InvalidRange` beyond the source
 */
export function selectCopySourceRange(header: string, size: number): ByteRange {
  const dash = header.indexOf('-');
  const first = header.startsWith(UNIT) && dash > 0 ? parsePosition(header, UNIT.length, dash) : undefined;
  const last = first === undefined ? undefined : parsePosition(header, dash + 1, header.length);
  if (first === undefined || last === undefined || last < first) {
    throw S3Error.invalidArgument(
      'x-amz-copy-source-range',
      header,
      'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy.',
    );
  }
  if (last >= size) throw unsatisfiableRange(header, size);
  return { start: first, end: last + 1 };
}
