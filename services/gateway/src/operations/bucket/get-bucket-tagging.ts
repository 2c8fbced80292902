import { S3Error } from '../../errors/s3-error.js';
import type { S3Response } from '../../http/s3-response.js';
import { type BucketContext, type Operation, S3Operation } from '../operation.js';
import { taggingDocument } from '../documents/tagging-document.js';

/** Gives the tags of a bucket. */
@S3Operation({
  name: 'GetBucketTagging',
  method: 'GET',
  resource: 'bucket',
  query: ['tagging'],
  permission: 'admin',
  body: 'none',
})
export class GetBucketTagging implements Operation<BucketContext> {
  async execute({ bucket }: BucketContext): Promise<S3Response> {
    const { tags } = await bucket.settings();
    if (tags === undefined || tags.length === 0) {
      throw new S3Error('NoSuchTagSet', { details: { BucketName: bucket.name } });
    }
    return { status: 200, headers: [], body: taggingDocument(tags) };
  }
}
