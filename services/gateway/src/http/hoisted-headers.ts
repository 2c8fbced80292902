import { S3Error } from '../errors/s3-error.js';
import { isHeaderName, toHeaderValue } from './header-text.js';
import type { HeaderMap } from './header-map.js';
import type { S3Request } from './s3-request.js';

/** Parameters of the signature itself, and those that describe a body that did not exist when the URL was signed: SDKs hoist the checksum of the empty one. */
const NOT_HOISTED: ReadonlySet<string> = new Set([
  'x-amz-algorithm',
  'x-amz-content-sha256',
  'x-amz-credential',
  'x-amz-date',
  'x-amz-decoded-content-length',
  'x-amz-expires',
  'x-amz-sdk-checksum-algorithm',
  'x-amz-security-token',
  'x-amz-signature',
  'x-amz-signedheaders',
  'x-amz-trailer',
  'x-amz-user-agent',
]);

/**
 * The headers of a presigned request with those that its signer has put into the URL: `?x-amz-meta-a=b` stands for the header
 * `x-amz-meta-a: b`, and is covered by the signature as all of the query is. The gate still judges the headers as they came.
 *
 * @throws S3Error `AccessDenied` where a header contradicts the URL, `InvalidArgument` for what no header can say
 */
export function hoistedHeaders({ query, headers }: S3Request): HeaderMap {
  if (query.list.length === 0 || !isPresigned(query.list)) return headers;
  const hoisted = new Map<string, string>();
  for (const parameter of query.list) {
    const name = parameter.name.toLowerCase();
    if (!name.startsWith('x-amz-') || name.startsWith('x-amz-checksum-') || NOT_HOISTED.has(name)) continue;
    // Metadata goes back as headers, and one that cannot be sent would make the object unreadable.
    if (!isHeaderName(name))
      throw S3Error.invalidArgument(parameter.name, parameter.value, 'The parameter is not valid as a header.');
    const value = toHeaderValue(name, parameter.value);
    const other = headers.get(name) ?? hoisted.get(name);
    if (other !== undefined && other !== value) {
      throw new S3Error('AccessDenied', { message: `The header ${name} is not the one in the presigned URL.` });
    }
    hoisted.set(name, value);
  }
  return hoisted.size === 0 ? headers : headers.with(hoisted);
}

function isPresigned(list: S3Request['query']['list']): boolean {
  return list.some(({ name }) => name === 'X-Amz-Signature' || name === 'Signature');
}
