import type { S3Response } from '../../http/s3-response.js';
import { type BucketContext, type Operation, S3Operation } from '../operation.js';
import { fixedDocument } from './fixed-document.js';

const PUBLIC = fixedDocument('PolicyStatus', { IsPublic: 'true' });
const PRIVATE = fixedDocument('PolicyStatus', { IsPublic: 'false' });

/** Tells whether anybody may read or list a bucket; here its mapping says so, not a policy. */
@S3Operation({
  name: 'GetBucketPolicyStatus',
  method: 'GET',
  resource: 'bucket',
  query: ['policyStatus'],
  permission: 'any',
  body: 'none',
})
export class GetBucketPolicyStatus implements Operation<BucketContext> {
  execute({ bucket }: BucketContext): S3Response {
    return { status: 200, headers: [], body: bucket.mapping.anonymous === 'none' ? PRIVATE : PUBLIC };
  }
}
