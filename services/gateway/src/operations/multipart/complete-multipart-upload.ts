import { readDocument } from '../../body/request-document.js';
import { S3Error } from '../../errors/s3-error.js';
import type { S3Response } from '../../http/s3-response.js';
import type { CompletedPart } from '../../objects/multipart-store.js';
import { S3Operation, type ObjectContext, type Operation } from '../operation.js';
import { decodeChecksumType, decodeStatedChecksum } from '../parameters/checksum-headers.js';
import { decodeWriteConditions } from '../parameters/conditional-headers.js';
import { objectUrl } from '../documents/object-url.js';
import { requireConditionalWrites, requireMultipart } from '../../objects/require-capabilities.js';
import { refuseUnsupportedUploadHeaders } from '../parameters/unsupported-headers.js';
import { parseUploadId } from '../parameters/upload-id.js';
import { parseCompleteMultipartUpload } from './complete-multipart-upload-request.js';
import { completeMultipartUploadDocument } from './complete-multipart-upload-document.js';

/** Ten thousand parts with an entity tag and a SHA-256 each, indented. */
const DOCUMENT_LIMIT = 4 * 1024 * 1024;

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html */
@S3Operation({
  name: 'CompleteMultipartUpload',
  method: 'POST',
  resource: 'object',
  query: ['uploadId'],
  permission: 'write',
  body: 'document',
})
export class CompleteMultipartUpload implements Operation<ObjectContext> {
  async execute({ request, framing, observed, bucket, key }: ObjectContext): Promise<S3Response> {
    const { headers } = request;
    requireMultipart(bucket.store);
    refuseUnsupportedUploadHeaders(headers);
    const uploadId = parseUploadId(request.query);
    const conditions = decodeWriteConditions(headers);
    requireConditionalWrites(bucket.store, conditions);
    const expectedSize = parseObjectSize(headers.get('x-amz-mp-object-size'));
    const expectedChecksum = decodeStatedChecksum(headers);
    const checksumType = decodeChecksumType(headers);
    const parts = parseCompleteMultipartUpload(
      await readDocument(request, framing, { limit: DOCUMENT_LIMIT, checksumOf: 'object' }),
    );
    requireAscending(parts);
    const info = await bucket.store.multipart.complete({
      key,
      uploadId,
      parts,
      conditions,
      ...(expectedSize !== undefined && { expectedSize }),
      ...(expectedChecksum !== undefined && { expectedChecksum }),
      ...(checksumType !== undefined && { checksumType }),
    });
    observed.objectSize = info.size;
    const location = objectUrl(request, bucket.name, key);
    return { status: 200, headers: [], body: completeMultipartUploadDocument(location, bucket.name, info) };
  }
}

function parseObjectSize(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,15}$/.test(header)) return Number(header);
  throw S3Error.invalidArgument('x-amz-mp-object-size', header, 'Value for x-amz-mp-object-size header is invalid.');
}

function requireAscending(parts: readonly CompletedPart[]): void {
  let before = 0;
  for (const { number } of parts) {
    if (number <= before) throw new S3Error('InvalidPartOrder', { details: { PartNumber: String(number) } });
    before = number;
  }
}
