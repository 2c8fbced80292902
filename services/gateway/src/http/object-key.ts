import { S3Error } from '../errors/s3-error.js';

declare const objectKeyBrand: unique symbol;

/**
 * An object key that every layer may trust: 1 to 1,024 bytes of well-formed UTF-8 without NUL
 * (Amazon S3 user guide, "Naming Amazon S3 objects").
 *
 * Whether a storage can hold it is the storage's own, stricter question.
 */
export type ObjectKey = string & { readonly [objectKeyBrand]: true };

/** The longest key, in UTF-8 bytes. */
export const MAX_KEY_BYTES = 1024;

/**
 * Makes a key of decoded text, at whichever entrance it came in: path, copy source, multi-delete, form field.
 *
 * @throws S3Error `KeyTooLongError`, or `InvalidURI` for text that no key can be.
 */
export function parseObjectKey(text: string): ObjectKey {
  if (text.length === 0) throw new S3Error('InvalidURI', { message: 'The object key is empty.' });
  // A UTF-16 unit takes at most three bytes, so most keys need no count.
  if (text.length * 3 > MAX_KEY_BYTES && Buffer.byteLength(text) > MAX_KEY_BYTES) {
    throw new S3Error('KeyTooLongError', {
      details: { Size: String(Buffer.byteLength(text)), MaxSizeAllowed: String(MAX_KEY_BYTES) },
    });
  }
  if (!text.isWellFormed()) throw new S3Error('InvalidURI', { message: 'The object key is not valid UTF-8.' });
  if (text.includes('\0')) throw new S3Error('InvalidURI', { message: 'The object key has a NUL character.' });
  return text as ObjectKey;
}
