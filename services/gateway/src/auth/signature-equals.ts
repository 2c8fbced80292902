import { timingSafeEqual } from 'node:crypto';

/** Room for the hex of a SHA-512. */
const MAX_TEXT = 128;
const one = Buffer.alloc(MAX_TEXT);
const other = Buffer.alloc(MAX_TEXT);

/**
 * Whether a signature that a client sent is the expected one, in a time that does not depend on where they differ. Both are texts: hex in
 * lower case, or base64.
 */
export function signatureEquals(expected: string, provided: string): boolean {
  // Lengths are no secret.
  const { length } = expected;
  if (provided.length !== length || length > MAX_TEXT) return false;
  one.write(expected, 'latin1');
  // Longer in UTF-8 is what is not ASCII; it would lose its upper bits in Latin-1, and could come out as the right text.
  if (other.write(provided, 'utf8') !== length) return false;
  return timingSafeEqual(one.subarray(0, length), other.subarray(0, length));
}
