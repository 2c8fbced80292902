import type { S3Response } from '../../http/s3-response.js';
import { FACTS_ONLY } from '../../objects/read-intent.js';
import { S3Operation, type ObjectContext, type Operation } from '../operation.js';
import { accessControlPolicyDocument } from '../documents/access-control-policy-document.js';
import { ownerOf } from '../documents/owner.js';
import { requireNullVersion } from '../parameters/version-id.js';

/** Answers as S3 does with ACLs disabled: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAcl.html */
@S3Operation({
  name: 'GetObjectAcl',
  method: 'GET',
  resource: 'object',
  query: ['acl'],
  optionalQuery: ['versionId'],
  permission: 'read',
  body: 'none',
})
export class GetObjectAcl implements Operation<ObjectContext> {
  async execute({ request, principal, bucket, key }: ObjectContext): Promise<S3Response> {
    requireNullVersion(request.query);
    await bucket.store.head(key, FACTS_ONLY);
    return { status: 200, headers: [], body: accessControlPolicyDocument(ownerOf(principal)) };
  }
}
