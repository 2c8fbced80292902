import { S3Error } from '../errors/s3-error.js';
import type { S3Request } from '../http/s3-request.js';
import type { BodyFraming } from './body-framing.js';
import { parseExpectedDigests } from './expected-digests.js';
import { createUploadBody } from './upload-body.js';

/** Bytes that a document has at most, unless its operation allows more. */
export const DEFAULT_DOCUMENT_LIMIT = 1024 * 1024;

export interface DocumentOptions {
  /** Bytes at most; 1 MiB unless given. */
  readonly limit?: number;
  /** The operation must not run on a document that nobody vouched for (DeleteObjects). */
  readonly requireDigest?: boolean;
  /** What `x-amz-checksum-*` is about: with CompleteMultipartUpload the object that it makes. `document` unless given. */
  readonly checksumOf?: 'document' | 'object';
  /** Milliseconds without a byte after which the client is given up. */
  readonly idleTimeout?: number;
}

/**
 * Reads a small body whole, digests verified.
 *
 * @throws S3Error `MaxMessageLengthExceeded`, and whatever else is wrong with the body
 */
export async function readDocument(
  request: S3Request,
  framing: BodyFraming,
  options: DocumentOptions = {},
): Promise<Buffer> {
  if (framing.kind !== 'plain') {
    throw new S3Error('InvalidRequest', { message: 'aws-chunked bodies are for PutObject and UploadPart only.' });
  }
  const { limit = DEFAULT_DOCUMENT_LIMIT, requireDigest = false, checksumOf, idleTimeout } = options;
  if (requireDigest && !hasDigest(request)) {
    throw new S3Error('InvalidRequest', {
      message: 'Missing required header for this request: Content-MD5 OR x-amz-checksum-*',
    });
  }
  const body = createUploadBody(request, framing, {
    maxLength: limit,
    tooLarge: 'MaxMessageLengthExceeded',
    ignoreChecksums: checksumOf === 'object',
    mayBeAbsent: true,
    ...(idleTimeout === undefined ? {} : { idleTimeout }),
  });
  const pieces: Buffer[] = [];
  // The pieces of a body that comes in several reads are lent.
  await body.transfer({ write: (piece) => void pieces.push(Buffer.from(piece)) });
  return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
}

function hasDigest(request: S3Request): boolean {
  const { md5, checksum } = parseExpectedDigests(request.headers.entries());
  return md5 !== undefined || checksum !== undefined;
}

/**
 * Refuses a body where the operation takes none; one of zero bytes is none.
 *
 * @throws S3Error `UnexpectedContent`
 */
export function expectNoBody(request: S3Request): void {
  const length = request.headers.get('content-length');
  const empty = (length === undefined || /^0+$/.test(length)) && !request.headers.has('transfer-encoding');
  if (!empty) throw new S3Error('UnexpectedContent', { message: 'This request must not have a body.' });
}
