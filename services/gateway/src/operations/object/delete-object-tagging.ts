import type { S3Response } from '../../http/s3-response.js';
import { S3Operation, type ObjectContext, type Operation } from '../operation.js';
import { requireTagging } from '../../objects/require-capabilities.js';
import { requireNullVersion } from '../parameters/version-id.js';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjectTagging.html */
@S3Operation({
  name: 'DeleteObjectTagging',
  method: 'DELETE',
  resource: 'object',
  query: ['tagging'],
  optionalQuery: ['versionId'],
  permission: 'write',
  body: 'none',
})
export class DeleteObjectTagging implements Operation<ObjectContext> {
  async execute({ request, bucket, key }: ObjectContext): Promise<S3Response> {
    requireNullVersion(request.query);
    requireTagging(bucket.store);
    await bucket.store.putTags(key, []);
    return { status: 204, headers: [] };
  }
}
