import { S3Error } from '../errors/s3-error.js';
import type { S3Request } from '../http/s3-request.js';
import type { SignedHeaders } from './sigv4/signed-headers.js';

const HEADER = 'x-amz-content-sha256';

/** What a presigned URL says of the body. */
export interface PinnedPayload {
  /** Stands in the canonical request. */
  readonly signed: string;
  /** Picks the framing; unlike `signed` where an unsigned header only asks for one more check. */
  readonly framing: string;
}

/**
 * Finds the payload hash of a presigned request: pinned as a parameter (in either case), as a signed header, or
 * `UNSIGNED-PAYLOAD`.
 *
 * @throws S3Error `InvalidArgument` where it is given twice, `AccessDenied` where an unsigned header would change the framing
 */
export function pinnedPayload(request: S3Request, signedHeaders: SignedHeaders): PinnedPayload {
  let pinned: string | undefined;
  for (const { name, value } of request.query.list) {
    if (name.toLowerCase() !== HEADER) continue;
    if (pinned !== undefined) throw S3Error.invalidArgument(name, value, `${name} must not be repeated.`);
    pinned = value;
  }
  const header = request.headers.get(HEADER);
  if (header === undefined) return both(pinned ?? 'UNSIGNED-PAYLOAD');
  if (pinned !== undefined && pinned !== header) {
    throw S3Error.invalidArgument(HEADER, header, `The header ${HEADER} differs from the one in the presigned URL.`);
  }
  if (pinned !== undefined || signedHeaders.names.includes(HEADER)) return both(header);
  if (header.startsWith('STREAMING-')) {
    throw new S3Error('AccessDenied', {
      message: `There were headers present in the request which were not signed: ${HEADER}`,
      details: { HeadersNotSigned: HEADER },
    });
  }
  return { signed: 'UNSIGNED-PAYLOAD', framing: header };
}

function both(value: string): PinnedPayload {
  return { signed: value, framing: value };
}
