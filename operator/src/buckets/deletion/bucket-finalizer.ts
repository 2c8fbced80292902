import { S3_BUCKET_API_VERSION, S3_BUCKET_FINALIZER, S3_BUCKET_KIND } from '@bucketway/contract';
import type { S3Bucket } from '@bucketway/contract';
import { Injectable } from '@nestjs/common';
import { S3_BUCKETS } from '../../cluster/s3-bucket-resource.js';
import { KubeClient } from '../../kube/kube-client.js';
import { isKubeError } from '../../kube/kube-error.js';

const FIELD_MANAGER = 'bucketway-operator-finalizer';

/** Holds an S3Bucket back until its mapping and keys are withdrawn. */
@Injectable()
export class BucketFinalizer {
  constructor(private readonly client: KubeClient) {}

  /** Before anything is published: what is published must not outlive its S3Bucket unseen. */
  async ensure({ metadata: { namespace, name, uid, finalizers } }: S3Bucket): Promise<void> {
    if (finalizers?.includes(S3_BUCKET_FINALIZER) === true) return;
    await this.client.apply(
      S3_BUCKETS,
      {
        apiVersion: S3_BUCKET_API_VERSION,
        kind: S3_BUCKET_KIND,
        // With the uid an object that is gone meanwhile is a conflict, and not made anew.
        metadata: { namespace, name, uid, finalizers: [S3_BUCKET_FINALIZER] },
      } as unknown as S3Bucket,
      { fieldManager: FIELD_MANAGER, force: true },
    );
  }

  /** Lets it go. The test keeps a list that changed meanwhile from losing somebody else's. */
  async remove({ metadata: { namespace, name, finalizers = [] } }: S3Bucket): Promise<void> {
    const index = finalizers.indexOf(S3_BUCKET_FINALIZER);
    if (index < 0) return;
    const path = `/metadata/finalizers/${index}`;
    try {
      await this.client.patch(
        S3_BUCKETS,
        { namespace, name },
        [
          { op: 'test', path, value: S3_BUCKET_FINALIZER },
          { op: 'remove', path },
        ],
        { type: 'json' },
      );
    } catch (error) {
      if (!isKubeError(error, 'NotFound')) throw error;
    }
  }
}
