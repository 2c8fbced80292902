import { S3Error } from '../../errors/s3-error.js';

/** S3's limits for multipart uploads. */
export const MAX_PART_NUMBER = 10_000;

/**
 * Parses a `partNumber`.
 *
 * @throws S3Error `InvalidArgument`
 */
export function parsePartNumber(text: string): number {
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= MAX_PART_NUMBER) return number;
  throw S3Error.invalidArgument(
    'partNumber',
    text,
    `Part number must be an integer between 1 and ${MAX_PART_NUMBER}, inclusive`,
  );
}
