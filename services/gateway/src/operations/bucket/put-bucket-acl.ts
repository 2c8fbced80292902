import { readDocument } from '../../body/request-document.js';
import type { S3Response } from '../../http/s3-response.js';
import { type BucketContext, type Operation, S3Operation } from '../operation.js';
import { checkAccessControlPolicy } from '../documents/access-control-policy-document.js';
import { checkAclHeaders } from '../parameters/acl-headers.js';
import { ownerOf } from '../documents/owner.js';

/** Accepts the ACL that every bucket has, and refuses every other, as S3 does with ACLs disabled. */
@S3Operation({
  name: 'PutBucketAcl',
  method: 'PUT',
  resource: 'bucket',
  query: ['acl'],
  permission: 'admin',
  body: 'document',
})
export class PutBucketAcl implements Operation<BucketContext> {
  async execute({ request, framing, principal }: BucketContext): Promise<S3Response> {
    const document = await readDocument(request, framing);
    const byHeader = checkAclHeaders(request.headers, principal);
    if (!byHeader) checkAccessControlPolicy(document, ownerOf(principal));
    return { status: 200, headers: [] };
  }
}
