import type { S3Response } from '../../http/s3-response.js';
import { type BucketContext, type Operation, S3Operation } from '../operation.js';
import { accessControlPolicyDocument } from '../documents/access-control-policy-document.js';
import { ownerOf } from '../documents/owner.js';

/** Answers as S3 does with ACLs disabled: the owner has full control. */
@S3Operation({
  name: 'GetBucketAcl',
  method: 'GET',
  resource: 'bucket',
  query: ['acl'],
  permission: 'any',
  body: 'none',
})
export class GetBucketAcl implements Operation<BucketContext> {
  execute({ principal }: BucketContext): S3Response {
    return { status: 200, headers: [], body: accessControlPolicyDocument(ownerOf(principal)) };
  }
}
