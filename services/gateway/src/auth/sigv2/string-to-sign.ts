import type { S3Request } from '../../http/s3-request.js';
import { canonicalResource } from './canonical-resource.js';

/**
 * The string to sign of SigV2 (Amazon S3 developer guide, "Signing and authenticating REST requests").
 *
 * @param date see {@link V2Signature.date}
 * @param otherSlash see {@link canonicalResource}
 */
export function stringToSignV2(request: S3Request, date: string, otherSlash = false): string {
  const md5 = headerOrParameter(request, 'content-md5');
  const type = headerOrParameter(request, 'content-type');
  const resource = canonicalResource(request, otherSlash);
  return `${request.method}\n${md5}\n${type}\n${date}\n${canonicalAmzHeaders(request)}${resource}`;
}

// boto3 writes the headers that it signs into presigned URLs, whether the holder then sends them or not.
function headerOrParameter({ headers, query }: S3Request, name: string): string {
  return headers.get(name) ?? query.get(name) ?? '';
}

function canonicalAmzHeaders({ headers, query }: S3Request): string {
  const lines: string[] = [];
  for (const [name, value] of headers.entries()) {
    if (name.startsWith('x-amz-')) lines.push(`${name}:${value.trim()}\n`);
  }
  for (const { name, value } of query.list) {
    const lower = name.toLowerCase();
    // One that is sent both ways alike was signed once; with two values, the signature cannot hold.
    if (lower.startsWith('x-amz-') && headers.get(lower) !== value) lines.push(`${lower}:${value.trim()}\n`);
  }
  lines.sort(byHeaderName);
  return lines.join('');
}

function byHeaderName(a: string, b: string): number {
  const left = a.slice(0, a.indexOf(':'));
  const right = b.slice(0, b.indexOf(':'));
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
