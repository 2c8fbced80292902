import { readDocument } from '../../body/request-document.js';
import type { S3Response } from '../../http/s3-response.js';
import { FACTS_ONLY } from '../../objects/read-intent.js';
import { S3Operation, type ObjectContext, type Operation } from '../operation.js';
import { checkAclHeaders } from '../parameters/acl-headers.js';
import { checkAccessControlPolicy } from '../documents/access-control-policy-document.js';
import { ownerOf } from '../documents/owner.js';
import { requireNullVersion } from '../parameters/version-id.js';

/** Accepts what changes nothing, as S3 does with ACLs disabled: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAcl.html */
@S3Operation({
  name: 'PutObjectAcl',
  method: 'PUT',
  resource: 'object',
  query: ['acl'],
  optionalQuery: ['versionId'],
  permission: 'write',
  body: 'document',
})
export class PutObjectAcl implements Operation<ObjectContext> {
  async execute({ request, framing, principal, bucket, key }: ObjectContext): Promise<S3Response> {
    requireNullVersion(request.query);
    const document = await readDocument(request, framing);
    const byHeader = checkAclHeaders(request.headers, principal);
    if (!byHeader) checkAccessControlPolicy(document, ownerOf(principal));
    await bucket.store.head(key, FACTS_ONLY);
    return { status: 200, headers: [] };
  }
}
