import { canonicalJson, S3_BUCKET_API_VERSION, S3_BUCKET_KIND } from '@bucketway/contract';
import type { S3Bucket, S3BucketStatus } from '@bucketway/contract';
import { Injectable } from '@nestjs/common';
import { S3_BUCKETS } from '../../cluster/s3-bucket-resource.js';
import { KubeClient } from '../../kube/kube-client.js';
import { isKubeError } from '../../kube/kube-error.js';
import { objectKey } from '../../kube/kube-object.js';
import { BucketMemory } from '../bucket-memory.js';

const FIELD_MANAGER = 'bucketway-operator-status';
/** How long a watch may take to bring back what was written, in milliseconds. After it, what the watch says counts. */
export const ECHO_MS = 5000;

/**
 * What became of a status. `under way`: a watch still says what was there before it was written, which after
 * {@link ECHO_MS} is what a restored backup says.
 */
export type WriteOutcome = 'written' | 'under way' | 'nothing to say';

/** What was written and has not come back yet. */
interface Written {
  readonly uid: string;
  readonly status: string;
  readonly at: number;
  /** What watches may still bring: what was there before it, and what was written before it. */
  readonly stale: ReadonlySet<string>;
}

/** Writes the status of S3Buckets, where it says something else than what is there. */
@Injectable()
export class StatusWriter {
  private readonly written = new Map<string, Written>();

  constructor(
    private readonly client: KubeClient,
    private readonly memory: BucketMemory,
  ) {
    memory.onForget((key) => this.written.delete(key));
  }

  async write(
    { metadata: { namespace, name, uid }, status: live }: S3Bucket,
    status: S3BucketStatus,
  ): Promise<WriteOutcome> {
    const key = objectKey({ namespace, name });
    const wanted = canonicalJson(status);
    const seen = canonicalJson(live ?? {});
    const last = this.underWay(key, uid, seen);
    if ((last?.status ?? seen) === wanted) return last === undefined ? 'nothing to say' : 'under way';
    const object = { apiVersion: S3_BUCKET_API_VERSION, kind: S3_BUCKET_KIND, metadata: { namespace, name, uid } };
    try {
      await this.client.apply(S3_BUCKETS, { ...object, status } as S3Bucket, {
        fieldManager: FIELD_MANAGER,
        force: true,
        subresource: 'status',
      });
    } catch (error) {
      // Deleted, or deleted and made anew, since the watch last told: its successor has a pass of its own.
      if (isKubeError(error, 'NotFound')) return 'nothing to say';
      throw error;
    }
    this.written.set(key, {
      uid,
      status: wanted,
      at: this.memory.now(),
      stale: new Set([...(last?.stale ?? []), seen, ...(last ? [last.status] : [])]),
    });
    return 'written';
  }

  // What is neither stale nor what was written is somebody else's doing, and counts at once.
  private underWay(key: string, uid: string, seen: string): Written | undefined {
    const last = this.written.get(key);
    if (last === undefined) return undefined;
    if (last.uid === uid && this.memory.now() - last.at < ECHO_MS && last.stale.has(seen)) return last;
    this.written.delete(key);
    return undefined;
  }
}
