import { encodePercent } from '../../http/percent-encoding.js';
import type { S3Request } from '../../http/s3-request.js';

/** The URL of an object in the style in which the client came: `Location` of a completed or posted upload. */
export function objectUrl(request: S3Request, bucket: string, key: string): string {
  const origin = `${request.secure ? 'https' : 'http'}://${request.headers.get('host') ?? ''}`;
  return `${origin}/${request.virtualHosted ? '' : `${bucket}/`}${encodePercent(key, true)}`;
}
