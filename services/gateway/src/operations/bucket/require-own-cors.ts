import { S3Error } from '../../errors/s3-error.js';
import type { Bucket } from '../../objects/buckets.js';

/**
 * Refuses to change the CORS rules of a bucket whose rules the configuration sets: the change would be kept and have no effect.
 *
 * @throws S3Error `InvalidBucketState`
 */
export function requireOwnCors({ name, mapping }: Bucket): void {
  if (mapping.cors === undefined) return;
  throw new S3Error('InvalidBucketState', {
    message: "The CORS rules of this bucket are set by the server's configuration and can only be changed there.",
    details: { BucketName: name },
  });
}
