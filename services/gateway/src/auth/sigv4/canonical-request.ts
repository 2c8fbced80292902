import type { S3Request } from '../../http/s3-request.js';
import { canonicalPath } from './canonical-path.js';
import { canonicalQuery } from './canonical-query.js';
import type { SignedHeaders } from './signed-headers.js';

const UNTIDY = /^[ \t]|[ \t]$|\t| {2}/;

/**
 * The canonical request of SigV4 ("Task 1" of its specification). Header values stand as Node gives them: each byte
 * that came is one character.
 *
 * @param payloadHash the value of `x-amz-content-sha256`, or what stands for it
 */
export function canonicalRequest(request: S3Request, signedHeaders: SignedHeaders, payloadHash: string): string {
  const query = canonicalQuery(request.query, 'X-Amz-Signature');
  let text = `${request.method}\n${canonicalPath(request.rawPath)}\n${query}\n`;
  for (const name of signedHeaders.names) {
    const value = request.headers.get(name) ?? '';
    text += `${name}:${UNTIDY.test(value) ? tidy(value) : value}\n`;
  }
  return `${text}\n${signedHeaders.text}\n${payloadHash}`;
}

// Runs of blanks first, and each in one go: to look for those at the end of a long value would take the square of its length.
function tidy(value: string): string {
  return value.replace(/[ \t]+/g, ' ').replace(/^ | $/g, '');
}
