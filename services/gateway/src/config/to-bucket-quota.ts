import type { BucketQuota as WrittenQuota } from '@bucketway/contract';
import type { BucketQuota } from './snapshot.js';

/** A quota as it is written, as the snapshot holds it: plain, so that it travels to another process. */
export function toBucketQuota({ maxBytes, maxObjects, mode = 'enforce' }: WrittenQuota): BucketQuota {
  return { ...(maxBytes !== undefined && { maxBytes }), ...(maxObjects !== undefined && { maxObjects }), mode };
}
