import { Injectable } from '@nestjs/common';
import type { S3Bucket } from '@bucketway/contract';
import { UnsettledDocumentError } from '../../documents/document-errors.js';
import { GatewayFleet } from '../../gateways/gateway-fleet.js';
import { objectKey } from '../../kube/kube-object.js';
import { BucketMemory } from '../bucket-memory.js';
import { Claims } from '../claims.js';
import { DeletionKeys } from './deletion-keys.js';
import type { DeletionKey } from './deletion-keys.js';
import { ServedBuckets } from '../served-buckets.js';
import { holds } from '../verdict.js';
import type { Verdict } from '../verdict.js';

/** Objects that a pass deletes at most, so that a large bucket does not keep a worker. */
const OBJECTS_A_PASS = 10_000;

/** Deletes the objects of a bucket whose S3Bucket says `reclaimPolicy: Delete`, as a client would: through a gateway. */
@Injectable()
export class BucketEmptier {
  /** The uids of those that were emptied, by S3Bucket: their mapping goes before they do. */
  private readonly emptied = new Map<string, string>();

  constructor(
    private readonly fleet: GatewayFleet,
    private readonly keys: DeletionKeys,
    private readonly served: ServedBuckets,
    private readonly claims: Claims,
    memory: BucketMemory,
  ) {
    memory.onForget((key) => this.emptied.delete(key));
  }

  /**
   * Whether the data goes with the S3Bucket. A spec that was never accepted is no way around the tenancy policy, and what could
   * only be read is somebody else's.
   */
  isAsked(bucket: S3Bucket): boolean {
    if (this.claims.ledger.heldBy(bucket.metadata)?.accessMode === 'ReadOnly') return false;
    return bucket.spec.reclaimPolicy === 'Delete' && this.served.permitsDelete(bucket);
  }

  /** Ends keys that were revoked, whatever holds the deletion. */
  async dropRevoked(bucket: S3Bucket, name: string): Promise<void> {
    await this.keys.dropRevoked(bucket, name);
  }

  /** The bucket is served no more: what was there only to empty it goes. */
  async end(bucket: S3Bucket): Promise<void> {
    await this.keys.remove(bucket);
  }

  /**
   * @param served the bucket that is served for it
   * @returns why it is not empty yet; undefined once it is
   */
  async empty(bucket: S3Bucket, served: string | undefined): Promise<Verdict | undefined> {
    const name = served ?? this.lostName(bucket);
    if (name === undefined) return undefined;
    const blocked = await this.emptyBucket(bucket, name);
    if (blocked === undefined) this.emptied.set(objectKey(bucket.metadata), bucket.metadata.uid);
    return blocked;
  }

  /** The name of a bucket whose mapping is lost, and the data is still there. */
  private lostName(bucket: S3Bucket): string | undefined {
    const { metadata } = bucket;
    if (!this.served.isLost(bucket) || this.emptied.get(objectKey(metadata)) === metadata.uid) return undefined;
    const held = this.claims.ledger.heldBy(metadata);
    return held?.owner.uid === metadata.uid ? held.bucketName : undefined;
  }

  private async emptyBucket(bucket: S3Bucket, name: string): Promise<Verdict | undefined> {
    const next = 'Set reclaimPolicy to Retain to keep the data and let the S3Bucket go now.';
    if (this.fleet.readyPods().length === 0) {
      return holds('BackendUnavailable', `No gateway is ready to delete the objects. ${next}`);
    }
    const key = await this.keyOf(bucket, name);
    if (key === undefined) {
      // Its mapping is being stored: for the first time, when nobody can have written, or again.
      if (bucket.status?.bucketName === undefined) return undefined;
      return holds('WaitingForGateways', `The mapping of ${name} is being stored. ${next}`);
    }
    const waiting = new Set(this.fleet.judge([key.since]).waiting);
    const pod = this.fleet.readyPods().find((ready) => !waiting.has(ready.name));
    if (pod === undefined) {
      return holds('WaitingForGateways', `No gateway has the key yet that deletes the objects. ${next}`);
    }
    try {
      const left = await this.fleet.client.empty(pod, name, key.pair, OBJECTS_A_PASS);
      if (left) return holds('BucketNotEmpty', `Objects of ${name} are being deleted. ${next}`);
      if (waiting.size === 0) return undefined;
      return holds('WaitingForGateways', `${waiting.size} gateways still let clients write to ${name}. ${next}`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return holds('BackendUnavailable', `The objects of ${name} could not be deleted: ${reason}. ${next}`);
    }
  }

  private async keyOf(bucket: S3Bucket, name: string): Promise<DeletionKey | undefined> {
    try {
      return await this.keys.keyOf(bucket, name);
    } catch (error) {
      // Every S3Bucket has to be looked at before, this one too.
      if (error instanceof UnsettledDocumentError) return undefined;
      throw error;
    }
  }
}
