import type { S3Response } from '../../http/s3-response.js';
import { type BucketContext, type Operation, S3Operation } from '../operation.js';
import { requireOwnCors } from './require-own-cors.js';

/** Removes the CORS rules that clients have set. */
@S3Operation({
  name: 'DeleteBucketCors',
  method: 'DELETE',
  resource: 'bucket',
  query: ['cors'],
  permission: 'admin',
  body: 'none',
})
export class DeleteBucketCors implements Operation<BucketContext> {
  async execute({ bucket }: BucketContext): Promise<S3Response> {
    requireOwnCors(bucket);
    await bucket.changeSettings({ cors: undefined });
    return { status: 204, headers: [] };
  }
}
