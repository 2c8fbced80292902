import type { BucketQuota } from '../config/snapshot.js';
import { S3Error } from '../errors/s3-error.js';

/** The refusal of a write for which a quota has no room. */
export function quotaExceeded({ maxBytes, maxObjects }: BucketQuota): S3Error {
  const limits = [
    ...(maxBytes === undefined ? [] : [`${maxBytes} bytes`]),
    ...(maxObjects === undefined ? [] : [`${maxObjects} objects`]),
  ];
  return new S3Error('QuotaExceeded', {
    message: `The bucket may hold ${limits.join(' and ')}, and there is no room for this: delete objects and try again in some minutes, or have the quota raised.`,
  });
}
