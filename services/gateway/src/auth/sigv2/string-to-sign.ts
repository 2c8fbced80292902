import type { S3Request } from '../../http/s3-request.js';
import { canonicalResource } from './canonical-resource.js';

/**
 * The string to sign of SigV2 (Amazon S3 developer guide, "Signing and authenticating REST requests").
 *
 * @param date see {@link V2Signature.date}
 */
export function stringToSignV2(request: S3Request, date: string): string {
  const { headers } = request;
  const type = headers.get('content-type') ?? '';
  return `${request.method}\n${headers.get('content-md5') ?? ''}\n${type}\n${date}\n${canonicalAmzHeaders(request)}${canonicalResource(request)}`;
}

function canonicalAmzHeaders(request: S3Request): string {
  const lines: string[] = [];
  for (const [name, value] of request.headers.entries()) {
    if (name.startsWith('x-amz-')) lines.push(`${name}:${value.trim()}\n`);
  }
  // Presigned URLs carry some of these headers as parameters; both are signed in one list.
  for (const { name, value } of request.query.list) {
    const lower = name.toLowerCase();
    if (lower.startsWith('x-amz-')) lines.push(`${lower}:${value.trim()}\n`);
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
