import type { S3Response } from '../../http/s3-response.js';
import type { MultipartStore, PartInfo } from '../../objects/multipart-store.js';
import type { CopyPartRequest } from '../../objects/storage-copy.js';
import { S3Operation, type ObjectContext, type Operation } from '../operation.js';
import { copyResultDocument } from '../copy/copy-result-document.js';
import { CopySourceOpener } from '../copy/copy-source-opener.js';
import { requireCopySize, type OpenCopySource } from '../copy/open-copy-source.js';
import { parsePartNumber } from '../parameters/part-number.js';
import { selectCopySourceRange } from '../parameters/range-header.js';
import { recallUpload } from './recall-upload.js';
import { requireMultipart } from '../../objects/require-capabilities.js';
import { refuseUnsupportedCopyHeaders } from '../parameters/unsupported-headers.js';
import { parseUploadId } from '../parameters/upload-id.js';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html */
@S3Operation({
  name: 'UploadPartCopy',
  method: 'PUT',
  resource: 'object',
  query: ['partNumber', 'uploadId'],
  headers: ['x-amz-copy-source'],
  permission: 'write',
  body: 'none',
})
export class UploadPartCopy implements Operation<ObjectContext> {
  constructor(private readonly sources: CopySourceOpener) {}

  async execute(context: ObjectContext): Promise<S3Response> {
    const { request, bucket, key } = context;
    requireMultipart(bucket.store);
    refuseUnsupportedCopyHeaders(request.headers);
    const number = parsePartNumber(request.query.get('partNumber') ?? '');
    const uploadId = parseUploadId(request.query);
    const { multipart } = bucket.store;
    const { checksumAlgorithm } = await recallUpload(multipart, key, uploadId);
    const source = await this.sources.open(context, { tags: false });
    try {
      const header = request.headers.get('x-amz-copy-source-range');
      const { size } = source.info;
      const range = header === undefined ? { start: 0, end: size } : selectCopySourceRange(header, size);
      const target = { key, uploadId, number, range: header === undefined ? undefined : range };
      const part =
        (await copyInPlace(multipart, source, target)) ??
        (await multipart.putPart(key, uploadId, number, await source.body(range, checksumAlgorithm)));
      return { status: 200, headers: [], body: copyResultDocument('CopyPartResult', part) };
    } finally {
      await source.close();
    }
  }
}

/** The part as the storage has copied it by itself; undefined where it cannot. */
async function copyInPlace(
  store: MultipartStore,
  { origin, info }: OpenCopySource,
  target: Omit<CopyPartRequest, 'origin' | 'source'>,
): Promise<PartInfo | undefined> {
  if (origin === undefined) return undefined;
  requireCopySize(target.range ? target.range.end - target.range.start : info.size);
  return store.copyPart?.({ ...target, origin, source: info });
}
