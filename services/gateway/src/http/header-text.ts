import { S3Error } from '../errors/s3-error.js';

const HEADER_NAME = /^[!#$%&'*+.^_`|~\da-z-]+$/;

/** Whether a name in lower case may be that of a header (RFC 9110, "token"). */
export function isHeaderName(name: string): boolean {
  return HEADER_NAME.test(name);
}

/**
 * Header values are kept as Node gives and takes them, one char a byte (latin1): a client's UTF-8, or whatever else it
 * sent, goes back byte for byte. Text from elsewhere (query, form field) passes here once to become such a value.
 *
 * @param name of the parameter or field, for the error
 * @throws S3Error `InvalidArgument` for control characters, which would split the response
 */
export function toHeaderValue(name: string, text: string): string {
  let ascii = true;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if ((c < 0x20 && c !== 0x09) || c === 0x7f) {
      throw S3Error.invalidArgument(name, text, `${name} must not contain control characters.`);
    }
    if (c > 0x7f) ascii = false;
  }
  return ascii ? text : Buffer.from(text, 'utf8').toString('latin1');
}

const NON_ASCII = /[\x80-\xff]/;

/** The text of a header value as it came in: UTF-8 where it is that, else latin1. */
export function fromHeaderValue(value: string): string {
  if (!NON_ASCII.test(value)) return value;
  const text = Buffer.from(value, 'latin1').toString('utf8');
  return text.includes('\ufffd') ? value : text;
}
