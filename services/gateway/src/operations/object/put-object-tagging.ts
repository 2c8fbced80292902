import { readDocument } from '../../body/request-document.js';
import type { S3Response } from '../../http/s3-response.js';
import { S3Operation, type ObjectContext, type Operation } from '../operation.js';
import { requireTagging } from '../../objects/require-capabilities.js';
import { checkTagSet, MAX_OBJECT_TAGS } from '../documents/tag-set.js';
import { parseTaggingDocument } from '../documents/tagging-document.js';
import { requireNullVersion } from '../parameters/version-id.js';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html */
@S3Operation({
  name: 'PutObjectTagging',
  method: 'PUT',
  resource: 'object',
  query: ['tagging'],
  optionalQuery: ['versionId'],
  permission: 'write',
  body: 'document',
})
export class PutObjectTagging implements Operation<ObjectContext> {
  async execute({ request, framing, bucket, key }: ObjectContext): Promise<S3Response> {
    requireNullVersion(request.query);
    requireTagging(bucket.store);
    const tags = parseTaggingDocument(await readDocument(request, framing));
    await bucket.store.putTags(key, checkTagSet(tags, MAX_OBJECT_TAGS));
    return { status: 200, headers: [] };
  }
}
