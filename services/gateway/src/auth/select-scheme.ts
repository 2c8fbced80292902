import { S3Error } from '../errors/s3-error.js';
import type { S3Request } from '../http/s3-request.js';
import type { RequestScheme } from './authentication-scheme.js';

const V4_PARAMETERS: ReadonlySet<string> = new Set(['X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Signature']);
const V2_PARAMETERS: ReadonlySet<string> = new Set(['AWSAccessKeyId', 'Signature']);

/**
 * Finds the one mechanism that a request authenticates with.
 *
 * @throws S3Error `InvalidArgument` for more than one, or for a foreign `Authorization` alone
 */
export function selectScheme(request: S3Request): RequestScheme {
  const authorization = request.headers.get('authorization') ?? '';
  const header = headerScheme(authorization);
  let v4 = false;
  let v2 = false;
  for (const { name } of request.query.list) {
    if (V4_PARAMETERS.has(name)) v4 = true;
    else if (V2_PARAMETERS.has(name)) v2 = true;
  }
  if (Number(header !== undefined) + Number(v4) + Number(v2) > 1) {
    throw S3Error.invalidArgument(
      'Authorization',
      schemeName(authorization),
      'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified',
    );
  }
  if (header !== undefined) return header;
  // A browser extension or a proxy may add "Bearer …" to a presigned URL: it is none of S3's schemes.
  if (v4) return 'v4-query';
  if (v2) return 'v2-query';
  if (authorization !== '') {
    throw S3Error.invalidArgument('Authorization', schemeName(authorization), 'Unsupported Authorization Type');
  }
  return 'anonymous';
}

function headerScheme(authorization: string): 'v4-header' | 'v2-header' | undefined {
  if (authorization.startsWith('AWS4-')) return 'v4-header';
  return authorization === 'AWS' || authorization.startsWith('AWS ') ? 'v2-header' : undefined;
}

/** What may be repeated in an error: the rest of the header is a credential, and errors are logged. */
function schemeName(authorization: string): string {
  const space = authorization.indexOf(' ');
  return space < 0 ? '' : authorization.slice(0, space);
}
