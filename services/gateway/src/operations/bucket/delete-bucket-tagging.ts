import type { S3Response } from '../../http/s3-response.js';
import { type BucketContext, type Operation, S3Operation } from '../operation.js';

/** Removes the tags of a bucket. */
@S3Operation({
  name: 'DeleteBucketTagging',
  method: 'DELETE',
  resource: 'bucket',
  query: ['tagging'],
  permission: 'admin',
  body: 'none',
})
export class DeleteBucketTagging implements Operation<BucketContext> {
  async execute({ bucket }: BucketContext): Promise<S3Response> {
    await bucket.changeSettings({ tags: undefined });
    return { status: 204, headers: [] };
  }
}
