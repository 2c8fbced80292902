import { GetObjectCommand, type GetObjectCommandInput } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { toSignedText } from './header-value.js';
import { withQuery } from './request-headers.js';
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
  let expires: string | undefined;
  for (const [name, value] of overrides) {
    const text = toSignedText(name, value);
    if (name === 'content-type') input.ResponseContentType = text;
    else if (name === 'content-disposition') input.ResponseContentDisposition = text;
    else if (name === 'content-encoding') input.ResponseContentEncoding = text;
    else if (name === 'content-language') input.ResponseContentLanguage = text;
    else if (name === 'cache-control') input.ResponseCacheControl = text;
    else if (name === 'expires') expires = text;
  }
  const command = new GetObjectCommand(input);
  // The SDK has it as a date only, but a client may ask for any text.
  if (expires !== undefined) withQuery(command, { 'response-expires': expires });
  return getSignedUrl(client.reads, command, { expiresIn: LIFETIME });
}
