import type { S3Response } from '../../http/s3-response.js';
import { S3Operation, type ObjectContext, type Operation } from '../operation.js';
import { requireTagging } from '../../objects/require-capabilities.js';
import { taggingDocument } from '../documents/tagging-document.js';
import { requireNullVersion } from '../parameters/version-id.js';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html */
@S3Operation({
  name: 'GetObjectTagging',
  method: 'GET',
  resource: 'object',
  query: ['tagging'],
  optionalQuery: ['versionId'],
  permission: 'read',
  body: 'none',
})
export class GetObjectTagging implements Operation<ObjectContext> {
  async execute({ request, bucket, key }: ObjectContext): Promise<S3Response> {
    requireNullVersion(request.query);
    requireTagging(bucket.store);
    const { attributes } = await bucket.store.head(key, { parts: 'none' });
    return { status: 200, headers: [], body: taggingDocument(attributes.tags) };
  }
}
