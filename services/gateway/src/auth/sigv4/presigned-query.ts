import { S3Error } from '../../errors/s3-error.js';
import type { QueryParameters } from '../../http/query-parameters.js';
import { parseAmzDate } from './amz-date.js';
import { parseCredential } from './credential.js';
import { parseSignedHeaders } from './signed-headers.js';
import type { V4Signature } from './v4-signature.js';

/** The longest life of a presigned URL, in seconds: a week. */
const MAX_EXPIRES = 604_800;

/** A presigned URL's claims. */
export interface PresignedQuery extends V4Signature {
  /** Seconds, 1 to 604,800. */
  readonly expires: number;
}

/**
 * Parses the `X-Amz-*` parameters of a presigned URL.
 *
 * @throws S3Error `AuthorizationQueryParametersError`, or `InvalidArgument` where one is repeated
 */
export function parsePresignedQuery(query: QueryParameters): PresignedQuery {
  const algorithm = query.get('X-Amz-Algorithm');
  const credential = query.get('X-Amz-Credential');
  const dateText = query.get('X-Amz-Date');
  const expiresText = query.get('X-Amz-Expires');
  const signedHeaders = query.get('X-Amz-SignedHeaders');
  const signature = query.get('X-Amz-Signature');
  if (!algorithm || !credential || !dateText || !expiresText || !signedHeaders || !signature) {
    throw wrong(
      'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, ' +
        'X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.',
    );
  }
  if (algorithm !== 'AWS4-HMAC-SHA256') throw wrong('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"');
  const date = parseAmzDate(dateText);
  if (date === undefined) throw wrong(`X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'"`);
  const list = parseSignedHeaders(signedHeaders);
  if (typeof list === 'string') throw wrong(list);
  return {
    credential: parseCredential(credential, 'query'),
    date,
    signedHeaders: list,
    signature,
    expires: parseExpires(expiresText),
  };
}

function parseExpires(text: string): number {
  // Number() would take "1e3", " 7" and "0x10".
  if (!/^-?\d+$/.test(text)) throw wrong('X-Amz-Expires should be a number');
  const expires = Number(text);
  if (expires > MAX_EXPIRES) {
    throw wrong('X-Amz-Expires must be less than a week (in seconds); that is, it must not exceed 604800 seconds');
  }
  if (expires < 1) throw wrong('X-Amz-Expires must be at least 1 second');
  return expires;
}

function wrong(message: string): S3Error {
  return new S3Error('AuthorizationQueryParametersError', { message });
}
