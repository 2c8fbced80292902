import { SnapshotStore } from '../../config/snapshot-store.js';
import type { S3Response } from '../../http/s3-response.js';
import { type Operation, S3Operation } from '../operation.js';

/** Tells that a bucket exists and in which region; clients ask before they do anything else. */
@S3Operation({ name: 'HeadBucket', method: 'HEAD', resource: 'bucket', permission: 'any', body: 'none' })
export class HeadBucket implements Operation {
  constructor(private readonly snapshots: SnapshotStore) {}

  execute(): S3Response {
    return { status: 200, headers: ['x-amz-bucket-region', this.snapshots.current.region] };
  }
}
