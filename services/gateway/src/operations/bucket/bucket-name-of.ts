import type { BucketName } from '../../http/bucket-name.js';
import type { S3Request } from '../../http/s3-request.js';

/** The bucket of a request that an operation on a bucket got from the dispatcher. */
export function bucketNameOf(request: S3Request): BucketName {
  if (request.path.kind === 'root') throw new TypeError('An operation on a bucket was given a request without one.');
  return request.path.bucket;
}
