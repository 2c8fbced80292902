import { createUploadBody } from '../../body/upload-body.js';
import type { S3Response } from '../../http/s3-response.js';
import { S3Operation, type ObjectContext, type Operation } from '../operation.js';
import { checkAclHeaders } from '../parameters/acl-headers.js';
import { appendChecksum } from '../parameters/checksum-headers.js';
import { decodeWriteConditions } from '../parameters/conditional-headers.js';
import { decodeObjectAttributes } from '../parameters/object-headers.js';
import { requireConditionalWrites, requireTagging } from '../../objects/require-capabilities.js';
import { refuseUnsupportedUploadHeaders } from '../parameters/unsupported-headers.js';
import { MAX_UPLOAD_BYTES } from '../parameters/upload-size.js';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html */
@S3Operation({ name: 'PutObject', method: 'PUT', resource: 'object', permission: 'write', body: 'object' })
export class PutObject implements Operation<ObjectContext> {
  // Everything that the headers can be refused for is, before the client is told to send its bytes.
  async execute({ request, framing, principal, observed, bucket, key }: ObjectContext): Promise<S3Response> {
    const { headers } = request;
    const { store } = bucket;
    refuseUnsupportedUploadHeaders(headers);
    checkAclHeaders(headers, principal);
    const attributes = decodeObjectAttributes(headers);
    requireTagging(store, attributes.tags);
    const conditions = decodeWriteConditions(headers);
    requireConditionalWrites(store, conditions);
    const body = createUploadBody(request, framing, { maxLength: MAX_UPLOAD_BYTES });
    const info = await store.put({ key, body, attributes, conditions });
    observed.objectSize = info.size;
    const out = ['ETag', `"${info.etag}"`];
    appendChecksum(out, info.checksum);
    return { status: 200, headers: out };
  }
}
