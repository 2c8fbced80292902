import { toByteString, type ByteString } from '../../../storage/byte-string.js';

/** Digits of "Base 32 with extended hex alphabet" (RFC 4648, 7), which sort as the bytes that they stand for, in lower case. */
const DIGITS = '0123456789abcdefghijklmnopqrstuv';

/** Bytes of the key that stand in the name: with the id, names of 129 characters, which drives that encrypt names take, too. */
const HEAD_BYTES = 60;

/** Sorts before all digits, so that a key comes before those that it begins. */
const SEPARATOR = '-';

const UPLOAD_ID = /^[0-9a-f]{32}$/;

/** Whether it can be an upload id: nothing else may become a part of a path. */
export function isUploadId(text: string): boolean {
  return UPLOAD_ID.test(text);
}

/**
 * The name of an upload's folder. Such names sort as the uploads do in a listing, by key and then by id, as far as the begin of
 * the key tells: so a page of a listing looks at the uploads that are in it, and at no others.
 */
export function uploadName(key: string, uploadId: string): string {
  return headOf(toByteString(key)) + SEPARATOR + uploadId;
}

/** The id in the name of an upload's folder; undefined for what is no such name. */
export function uploadIdOf(name: string): string | undefined {
  const cut = name.indexOf(SEPARATOR);
  const uploadId = name.slice(cut + 1);
  return cut > 0 && isUploadId(uploadId) ? uploadId : undefined;
}

/** The least that the name of an upload of this key, or of one behind it, can be. */
export function headOf(key: ByteString): string {
  let head = '';
  let bits = 0;
  let held = 0;
  for (let at = 0; at < Math.min(key.length, HEAD_BYTES); at++) {
    held = ((held << 8) | key.charCodeAt(at)) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) head += DIGITS[(held >>> (bits - 5)) & 31];
  }
  return bits === 0 ? head : head + DIGITS[(held << (5 - bits)) & 31];
}

/** Whether keys of which the names say the same may differ. */
export function isCut(head: string): boolean {
  return head.length === (HEAD_BYTES * 8) / 5;
}
