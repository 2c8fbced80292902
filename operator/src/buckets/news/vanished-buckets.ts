import { S3_BUCKET_FINALIZER } from '@bucketway/contract';
import type { S3Bucket } from '@bucketway/contract';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { ClusterCache } from '../../cluster/cluster-cache.js';
import { OperatorConfiguration } from '../../config/operator-configuration.js';
import { BucketMemory } from '../bucket-memory.js';

/**
 * S3Buckets that are gone though nobody was seen to delete them, and with the finalizer that would have kept them: so it
 * looks when the API server's data came back from a backup that is older than they are. Whoever owns them has as long to
 * apply them again as removals of many are held.
 */
@Injectable()
export class VanishedBuckets {
  private readonly log = new Logger('restore');
  private readonly since = new Map<string, number>();

  constructor(
    cache: ClusterCache,
    private readonly memory: BucketMemory,
    @Inject(OperatorConfiguration) private readonly configuration: OperatorConfiguration,
  ) {
    cache.s3Buckets.onChange(({ key, before, after }) => {
      if (after !== undefined) this.since.delete(key);
      else if (before !== undefined && hasStood(before)) this.note(key);
    });
    memory.onForget((key) => this.since.delete(key));
  }

  /** Milliseconds for which nothing of an S3Bucket that is gone may be ended; 0 where it was deleted. */
  holdMs(key: string): number {
    const since = this.since.get(key);
    if (since === undefined) return 0;
    return Math.max(0, since + this.configuration.massDeletion.holdSeconds * 1000 - this.memory.now());
  }

  private note(key: string): void {
    const { holdSeconds } = this.configuration.massDeletion;
    this.since.set(key, this.memory.now());
    this.log.warn(`${key} is gone though nobody deleted it: apply it again within ${holdSeconds} s to keep it served`);
  }
}

function hasStood({ metadata: { deletionTimestamp, finalizers } }: S3Bucket): boolean {
  return deletionTimestamp === undefined && finalizers?.includes(S3_BUCKET_FINALIZER) === true;
}
