import { SnapshotStore } from '../../config/snapshot-store.js';
import type { S3Response } from '../../http/s3-response.js';
import { S3Operation, type ObjectContext, type Operation } from '../operation.js';
import { initiatorOf } from './initiator.js';
import { parseInteger, parsePageSize } from '../parameters/paging-parameters.js';
import { requireMultipart } from '../../objects/require-capabilities.js';
import { parseUploadId } from '../parameters/upload-id.js';
import { listPartsDocument } from './list-parts-document.js';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html */
@S3Operation({
  name: 'ListParts',
  method: 'GET',
  resource: 'object',
  query: ['uploadId'],
  permission: 'write',
  body: 'none',
})
export class ListParts implements Operation<ObjectContext> {
  constructor(private readonly snapshots: SnapshotStore) {}

  async execute({ request: { query }, bucket, key }: ObjectContext): Promise<S3Response> {
    requireMultipart(bucket.store);
    const uploadId = parseUploadId(query);
    const maxParts = parsePageSize('max-parts', query.get('max-parts'));
    const marker = parseInteger('part-number-marker', query.get('part-number-marker') || '0');
    const { multipart } = bucket.store;
    const page =
      maxParts === 0
        ? { upload: await multipart.get(key, uploadId), parts: [], truncated: false }
        : await multipart.listParts(key, uploadId, marker, maxParts);
    const initiator = initiatorOf(this.snapshots, page.upload.initiator);
    return {
      status: 200,
      headers: [],
      body: listPartsDocument(page, { bucket: bucket.name, initiator, marker, maxParts }),
    };
  }
}
