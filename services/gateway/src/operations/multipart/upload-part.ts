import { createUploadBody } from '../../body/upload-body.js';
import { S3Error } from '../../errors/s3-error.js';
import type { S3Response } from '../../http/s3-response.js';
import { checksumHeader, type ChecksumAlgorithm } from '../../objects/checksum.js';
import { S3Operation, type ObjectContext, type Operation } from '../operation.js';
import { parsePartNumber } from '../parameters/part-number.js';
import { recallUpload } from './recall-upload.js';
import { requireMultipart } from '../../objects/require-capabilities.js';
import { refuseUnsupportedUploadHeaders } from '../parameters/unsupported-headers.js';
import { parseUploadId } from '../parameters/upload-id.js';
import { MAX_UPLOAD_BYTES } from '../parameters/upload-size.js';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html */
@S3Operation({
  name: 'UploadPart',
  method: 'PUT',
  resource: 'object',
  query: ['partNumber', 'uploadId'],
  permission: 'write',
  body: 'object',
})
export class UploadPart implements Operation<ObjectContext> {
  async execute({ request, framing, bucket, key }: ObjectContext): Promise<S3Response> {
    requireMultipart(bucket.store);
    refuseUnsupportedUploadHeaders(request.headers);
    const number = parsePartNumber(request.query.get('partNumber') ?? '');
    const uploadId = parseUploadId(request.query);
    const { multipart } = bucket.store;
    const { checksumAlgorithm } = await recallUpload(multipart, key, uploadId);
    const body = createUploadBody(request, framing, {
      maxLength: MAX_UPLOAD_BYTES,
      ...(checksumAlgorithm !== undefined && { algorithm: checksumAlgorithm }),
    });
    requireSameAlgorithm(checksumAlgorithm, body.declaredAlgorithm);
    const part = await multipart.putPart(key, uploadId, number, body);
    const out = ['ETag', `"${part.etag}"`];
    if (part.checksum !== undefined) out.push(checksumHeader(part.checksum.algorithm), part.checksum.value);
    return { status: 200, headers: out };
  }
}

/** The checksum of the whole comes from those of its parts, so they must be of one kind. */
function requireSameAlgorithm(upload: ChecksumAlgorithm | undefined, part: ChecksumAlgorithm | undefined): void {
  if (upload === undefined || part === undefined || upload === part) return;
  throw new S3Error('InvalidRequest', {
    message: `Checksum Type mismatch occurred, expected checksum Type: ${upload.toLowerCase()}, actual checksum Type: ${part.toLowerCase()}`,
  });
}
