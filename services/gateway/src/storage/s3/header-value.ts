import { S3Error } from '../../errors/s3-error.js';

const NON_ASCII = /[\x80-\xff]/;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * A stored header value, one char a byte, as the text that the SDK signs.
 *
 * @throws S3Error `InvalidArgument` for bytes that are no UTF-8: the upstream's signature is over text
 */
export function toSignedText(name: string, value: string): string {
  if (!NON_ASCII.test(value)) return value;
  try {
    return UTF8.decode(Buffer.from(value, 'latin1'));
  } catch {
    throw S3Error.invalidArgument(name, value, `On this storage ${name} must be UTF-8.`);
  }
}
