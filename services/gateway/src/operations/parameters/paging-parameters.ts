import { S3Error } from '../../errors/s3-error.js';
import type { QueryParameters } from '../../http/query-parameters.js';
import { encodePercent } from '../../http/percent-encoding.js';

/** Rows of any page at most. */
export const MAX_PAGE_ROWS = 1000;

const MAX_INT = 2 ** 31 - 1;

/**
 * A page size such as `max-keys`, `max-parts`, `max-uploads`: more than {@link MAX_PAGE_ROWS} means that many.
 *
 * @throws S3Error `InvalidArgument` for what is no integer from 0 to 2^31-1
 */
export function parsePageSize(name: string, text: string | undefined): number {
  if (text === undefined || text === '') return MAX_PAGE_ROWS;
  return Math.min(parseInteger(name, text), MAX_PAGE_ROWS);
}

/**
 * A number such as `part-number-marker`.
 *
 * @throws S3Error `InvalidArgument`
 */
export function parseInteger(name: string, text: string): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Infinity;
  if (value <= MAX_INT) return value;
  throw S3Error.invalidArgument(
    name,
    text,
    `Provided ${name} not an integer or within integer range: it must be between 0 and ${MAX_INT}`,
  );
}

/** How keys are written in a listing. */
export type KeyEncoding = 'url' | undefined;

/**
 * `encoding-type` of a listing.
 *
 * @throws S3Error `InvalidArgument` for anything but `url`
 */
export function parseEncodingType(query: QueryParameters): KeyEncoding {
  const text = query.get('encoding-type');
  if (text === undefined || text === '') return undefined;
  if (text.toLowerCase() === 'url') return 'url';
  throw S3Error.invalidArgument('encoding-type', text, 'Invalid Encoding Method specified in Request');
}

/** A key, prefix, marker or delimiter as the listing's encoding writes it. */
export function encodeListed(text: string, encoding: KeyEncoding): string {
  return encoding === 'url' ? encodePercent(text, true) : text;
}
