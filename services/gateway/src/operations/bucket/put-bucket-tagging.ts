import { readDocument } from '../../body/request-document.js';
import type { S3Response } from '../../http/s3-response.js';
import { type BucketContext, type Operation, S3Operation } from '../operation.js';
import { checkTagSet, MAX_BUCKET_TAGS } from '../documents/tag-set.js';
import { parseTaggingDocument } from '../documents/tagging-document.js';

/** Replaces the tags of a bucket. */
@S3Operation({
  name: 'PutBucketTagging',
  method: 'PUT',
  resource: 'bucket',
  query: ['tagging'],
  permission: 'admin',
  body: 'document',
})
export class PutBucketTagging implements Operation<BucketContext> {
  async execute({ request, framing, bucket }: BucketContext): Promise<S3Response> {
    const tags = parseTaggingDocument(await readDocument(request, framing));
    await bucket.changeSettings({ tags: checkTagSet(tags, MAX_BUCKET_TAGS) });
    return { status: 204, headers: [] };
  }
}
