import { isAnonymous } from '../../auth/identity.js';
import type { S3Response } from '../../http/s3-response.js';
import type { NewUpload } from '../../objects/multipart-store.js';
import { S3Operation, type ObjectContext, type Operation } from '../operation.js';
import { checkAclHeaders } from '../parameters/acl-headers.js';
import { decodeChecksumAlgorithm, decodeChecksumType, resolveChecksumType } from '../parameters/checksum-headers.js';
import { decodeObjectAttributes } from '../parameters/object-headers.js';
import { requireMultipart, requireTagging } from '../../objects/require-capabilities.js';
import { refuseUnsupportedUploadHeaders } from '../parameters/unsupported-headers.js';
import { initiateMultipartUploadDocument } from './initiate-multipart-upload-document.js';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html */
@S3Operation({
  name: 'CreateMultipartUpload',
  method: 'POST',
  resource: 'object',
  query: ['uploads'],
  permission: 'write',
  body: 'none',
})
export class CreateMultipartUpload implements Operation<ObjectContext> {
  async execute(context: ObjectContext): Promise<S3Response> {
    const { bucket, key } = context;
    const upload = decodeUpload(context);
    // As the storage made it: not every one keeps checksums.
    const { uploadId, checksumAlgorithm, checksumType } = await bucket.store.multipart.create(upload);
    const headers: string[] = [];
    if (checksumAlgorithm !== undefined) headers.push('x-amz-checksum-algorithm', checksumAlgorithm);
    if (checksumType !== undefined) headers.push('x-amz-checksum-type', checksumType);
    return { status: 200, headers, body: initiateMultipartUploadDocument(bucket.name, key, uploadId) };
  }
}

function decodeUpload({ request: { headers }, principal, bucket: { store }, key }: ObjectContext): NewUpload {
  requireMultipart(store);
  refuseUnsupportedUploadHeaders(headers);
  checkAclHeaders(headers, principal);
  const attributes = decodeObjectAttributes(headers);
  requireTagging(store, attributes.tags);
  const checksumAlgorithm = decodeChecksumAlgorithm(headers);
  const checksumType = resolveChecksumType(checksumAlgorithm, decodeChecksumType(headers));
  return {
    key,
    attributes,
    initiator: isAnonymous(principal) ? '' : principal.accessKeyId,
    ...(checksumAlgorithm !== undefined && { checksumAlgorithm }),
    ...(checksumType !== undefined && { checksumType }),
  };
}
