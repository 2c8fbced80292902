/**
 * Byte strings: UTF-8 text with one char a byte (latin1). Comparing two with `<` compares their UTF-8 bytes, which is S3's
 * order and not that of UTF-16 strings: U+1F600 sorts behind U+FF61 in UTF-8, before it in UTF-16. ASCII text is its own
 * byte string, so most names cost nothing.
 */
export type ByteString = string;

// eslint-disable-next-line no-control-regex -- all of ASCII, controls too
const ASCII = /^[\u0000-\u007f]*$/;
const decoder = new TextDecoder('utf-8', { fatal: true });

export function toByteString(text: string): ByteString {
  return ASCII.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

/** The text of a byte string that is known to be UTF-8. */
export function fromByteString(bytes: ByteString): string {
  return ASCII.test(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8');
}

/** Whether a byte string is UTF-8: a name on disk need not be. */
export function isUtf8(bytes: ByteString): boolean {
  if (ASCII.test(bytes)) return true;
  try {
    decoder.decode(Buffer.from(bytes, 'latin1'));
    return true;
  } catch {
    return false;
  }
}

/** The least byte string that sorts behind everything that begins with this one. UTF-8 has no byte 0xff to carry over. */
export function successor(prefix: ByteString): ByteString {
  const last = prefix.length - 1;
  return prefix.slice(0, last) + String.fromCharCode(prefix.charCodeAt(last) + 1);
}

/** Index of the first entry of a sorted list that is not less than `bound`. */
export function lowerBound(
  sorted: { readonly length: number; at(index: number): ByteString | undefined },
  bound: ByteString,
): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted.at(middle) as ByteString) < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
