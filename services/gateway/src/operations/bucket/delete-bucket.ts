import type { S3Response } from '../../http/s3-response.js';
import { Buckets } from '../../objects/buckets.js';
import { type Operation, type OperationContext, S3Operation } from '../operation.js';
import { checkExpectedBucketOwner } from '../parameters/expected-bucket-owner.js';
import { bucketNameOf } from './bucket-name-of.js';

/** Removes an empty bucket of the bucket root; who may is decided by {@link Buckets.delete}. */
@S3Operation({ name: 'DeleteBucket', method: 'DELETE', resource: 'bucket', permission: 'authenticated', body: 'none' })
export class DeleteBucket implements Operation {
  constructor(private readonly buckets: Buckets) {}

  async execute({ request, principal }: OperationContext): Promise<S3Response> {
    checkExpectedBucketOwner(request.headers, principal);
    await this.buckets.delete(bucketNameOf(request), principal);
    return { status: 204, headers: [] };
  }
}
