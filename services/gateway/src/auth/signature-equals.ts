import { timingSafeEqual } from 'node:crypto';

/** Whether a signature that a client sent is the expected one, in a time that does not depend on where they differ. */
export function signatureEquals(expected: Buffer, provided: string, encoding: 'hex' | 'base64'): boolean {
  // Lengths are no secret. Buffer.from skips what it cannot decode, so the text's own length is compared too.
  if (provided.length !== encodedLength(expected.length, encoding)) return false;
  const bytes = Buffer.from(provided, encoding);
  return bytes.length === expected.length && timingSafeEqual(bytes, expected);
}

function encodedLength(bytes: number, encoding: 'hex' | 'base64'): number {
  return encoding === 'hex' ? bytes * 2 : Math.ceil(bytes / 3) * 4;
}
