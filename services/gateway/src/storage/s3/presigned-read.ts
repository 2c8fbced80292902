import { GetObjectCommand, type GetObjectCommandInput } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { toSignedText } from './header-value.js';
import type { UpstreamClient } from './upstream-client.js';
import type { UpstreamTarget } from './upstream-place.js';

/** Long enough to begin a read; one that has begun goes on. In seconds. */
const LIFETIME = 300;

/** A URL at which the upstream itself gives an object. */
export function presignRead(
  client: UpstreamClient,
  target: UpstreamTarget,
  overrides: ReadonlyMap<string, string>,
): Promise<string> {
  const input: GetObjectCommandInput = { ...target };
  for (const [name, value] of overrides) {
    const text = toSignedText(name, value);
    if (name === 'content-type') input.ResponseContentType = text;
    else if (name === 'content-disposition') input.ResponseContentDisposition = text;
    else if (name === 'content-encoding') input.ResponseContentEncoding = text;
    else if (name === 'content-language') input.ResponseContentLanguage = text;
    else if (name === 'cache-control') input.ResponseCacheControl = text;
  }
  return getSignedUrl(client.reads, new GetObjectCommand(input), { expiresIn: LIFETIME });
}
