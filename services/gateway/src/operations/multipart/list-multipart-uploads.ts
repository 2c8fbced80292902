import { SnapshotStore } from '../../config/snapshot-store.js';
import type { S3Response } from '../../http/s3-response.js';
import type { UploadsQuery } from '../../objects/multipart-store.js';
import { S3Operation, type BucketContext, type Operation } from '../operation.js';
import { initiatorOf } from './initiator.js';
import { parseEncodingType, parsePageSize } from '../parameters/paging-parameters.js';
import { requireMultipart } from '../../objects/require-capabilities.js';
import { listMultipartUploadsDocument } from './list-multipart-uploads-document.js';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html */
@S3Operation({
  name: 'ListMultipartUploads',
  method: 'GET',
  resource: 'bucket',
  query: ['uploads'],
  permission: 'list',
  body: 'none',
})
export class ListMultipartUploads implements Operation<BucketContext> {
  constructor(private readonly snapshots: SnapshotStore) {}

  async execute({ request: { query }, bucket }: BucketContext): Promise<S3Response> {
    requireMultipart(bucket.store);
    const encoding = parseEncodingType(query);
    const keyMarker = query.get('key-marker') ?? '';
    const uploads: UploadsQuery = {
      prefix: query.get('prefix') ?? '',
      delimiter: query.get('delimiter') ?? '',
      keyMarker,
      // Without a key to stand behind it means nothing (S3 API reference).
      uploadIdMarker: keyMarker === '' ? '' : (query.get('upload-id-marker') ?? ''),
      limit: parsePageSize('max-uploads', query.get('max-uploads')),
    };
    const page =
      uploads.limit === 0 ? { entries: [], truncated: false } : await bucket.store.multipart.listUploads(uploads);
    return {
      status: 200,
      headers: [],
      body: listMultipartUploadsDocument(page, {
        bucket: bucket.name,
        uploads,
        encoding,
        initiatorOf: (accessKeyId) => initiatorOf(this.snapshots, accessKeyId),
      }),
    };
  }
}
