import { SnapshotStore } from '../../config/snapshot-store.js';
import type { S3Response } from '../../http/s3-response.js';
import { StorageTree } from '../../storage/storage-tree.js';
import { type BucketContext, type Operation, S3Operation } from '../operation.js';

/**
 * Bucketway's own: with the value `report` in a request, the answer has it too and says whether the bucket's folder is
 * `present` or `missing`. To S3 a bucket without its folder is just empty. An operator that was told that data must be
 * there already asks for it.
 */
const FOLDER_HEADER = 'x-bucketway-folder';

/** Tells that a bucket exists and in which region; clients ask before they do anything else. */
@S3Operation({ name: 'HeadBucket', method: 'HEAD', resource: 'bucket', permission: 'any', body: 'none' })
export class HeadBucket implements Operation<BucketContext> {
  constructor(
    private readonly snapshots: SnapshotStore,
    private readonly tree: StorageTree,
  ) {}

  async execute({ request, bucket }: BucketContext): Promise<S3Response> {
    const headers = ['x-amz-bucket-region', this.snapshots.current.region];
    if (request.headers.get(FOLDER_HEADER) === 'report') {
      headers.push(FOLDER_HEADER, (await this.hasFolder(bucket.mapping.path)) ? 'present' : 'missing');
    }
    return { status: 200, headers };
  }

  // Storages without folders have every path.
  private async hasFolder(path: string): Promise<boolean> {
    const { storage, path: folder } = this.tree.locate(path) ?? {};
    if (storage?.files === undefined || folder === undefined || folder === '') return true;
    return (await storage.files.stat(folder))?.kind === 'folder';
  }
}
