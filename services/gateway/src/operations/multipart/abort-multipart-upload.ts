import type { S3Response } from '../../http/s3-response.js';
import { S3Operation, type ObjectContext, type Operation } from '../operation.js';
import { requireMultipart } from '../../objects/require-capabilities.js';
import { parseUploadId } from '../parameters/upload-id.js';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html */
@S3Operation({
  name: 'AbortMultipartUpload',
  method: 'DELETE',
  resource: 'object',
  query: ['uploadId'],
  permission: 'write',
  body: 'none',
})
export class AbortMultipartUpload implements Operation<ObjectContext> {
  async execute({ request, bucket, key }: ObjectContext): Promise<S3Response> {
    requireMultipart(bucket.store);
    await bucket.store.multipart.abort(key, parseUploadId(request.query));
    return { status: 204, headers: [] };
  }
}
