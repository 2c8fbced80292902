import { readDocument } from '../../body/request-document.js';
import { parseCorsConfiguration } from '../../cors/cors-configuration.js';
import type { S3Response } from '../../http/s3-response.js';
import { type BucketContext, type Operation, S3Operation } from '../operation.js';
import { requireOwnCors } from './require-own-cors.js';

/** Replaces the CORS rules of a bucket. */
@S3Operation({
  name: 'PutBucketCors',
  method: 'PUT',
  resource: 'bucket',
  query: ['cors'],
  permission: 'admin',
  body: 'document',
})
export class PutBucketCors implements Operation<BucketContext> {
  async execute({ request, framing, bucket }: BucketContext): Promise<S3Response> {
    requireOwnCors(bucket);
    const cors = parseCorsConfiguration(await readDocument(request, framing));
    await bucket.changeSettings({ cors });
    return { status: 200, headers: [] };
  }
}
