import { S3Error } from '../../errors/s3-error.js';
import { MAX_KEY_BYTES } from '../../http/object-key.js';

// The first byte, so that a later form of token is told from this one while both are about.
const VERSION = 1;

/** Makes the opaque token that continues a listing behind a key, a common prefix or a bucket name. */
export function encodeContinuationToken(last: string): string {
  const bytes = Buffer.allocUnsafe(1 + Buffer.byteLength(last));
  bytes[0] = VERSION;
  bytes.write(last, 1);
  return bytes.toString('base64url');
}

/**
 * What {@link encodeContinuationToken} was given.
 *
 * @throws S3Error `InvalidArgument` for a token that this gateway did not make
 */
export function decodeContinuationToken(token: string): string {
  const bytes = Buffer.from(token, 'base64url');
  const last = bytes.toString('utf8', 1);
  // Encoded again, it shows stray characters, spare bits and bytes that are not UTF-8, all of which decoding lets pass.
  const genuine = bytes[0] === VERSION && bytes.length <= 1 + MAX_KEY_BYTES && encodeContinuationToken(last) === token;
  if (!genuine) {
    throw S3Error.invalidArgument('continuation-token', token, 'The continuation token provided is incorrect');
  }
  return last;
}
