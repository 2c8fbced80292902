import { hash } from 'node:crypto';

const MD5 = /^[0-9a-f]{32}$/;

/** The entity tag that S3 gives an object of parts; undefined where the parts' tags are no MD5s, as with some encryption. */
export function multipartETag(parts: readonly string[]): string | undefined {
  if (!parts.every((etag) => MD5.test(etag))) return undefined;
  return `${hash('md5', Buffer.from(parts.join(''), 'hex'))}-${parts.length}`;
}
