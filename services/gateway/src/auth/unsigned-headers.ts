import { S3Error } from '../errors/s3-error.js';
import type { HeaderMap } from '../http/header-map.js';

/**
 * Headers that describe how the body travels and that clients leave unsigned. None changes what a request does: the
 * decoder holds the body to them.
 */
const ENVELOPE: ReadonlySet<string> = new Set([
  'x-amz-checksum-algorithm',
  'x-amz-content-sha256',
  'x-amz-decoded-content-length',
  'x-amz-sdk-checksum-algorithm',
  'x-amz-trailer',
]);

/**
 * Refuses `x-amz-*` headers that the signature does not cover: whoever holds a presigned upload URL would otherwise
 * add `x-amz-copy-source` and read whatever its signer can read (CVE-2026-54330).
 *
 * @throws S3Error `AccessDenied`, which names the header
 */
export function refuseUnsignedHeaders(headers: HeaderMap, signed: readonly string[]): void {
  for (const [name] of headers.entries()) {
    if (name.startsWith('x-amz-') && !signed.includes(name) && !ENVELOPE.has(name)) {
      throw new S3Error('AccessDenied', {
        message: `There were headers present in the request which were not signed: ${name}`,
        details: { HeadersNotSigned: name },
      });
    }
  }
}
