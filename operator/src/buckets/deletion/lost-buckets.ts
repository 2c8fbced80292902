import { Injectable } from '@nestjs/common';
import type { S3Bucket } from '@bucketway/contract';
import type { Incumbent } from '../../claims/claim.js';
import { ClusterCache } from '../../cluster/cluster-cache.js';
import type { KeyRingRef } from '../../credentials/key-ring-entry.js';
import { DocumentPublisher } from '../../documents/document-publisher.js';
import { objectKey, parseObjectKey } from '../../kube/kube-object.js';
import { ownerOf, wantedName } from '../admission.js';
import type { PassResult } from '../bucket-queue.js';
import { WatchedBuckets } from '../news/cluster-news.js';
import { Release } from './release.js';
import { Withdrawal } from './withdrawal.js';

/** Ends what is served for S3Buckets that are not there, or not permitted, any more. */
@Injectable()
export class LostBuckets {
  constructor(
    private readonly withdrawal: Withdrawal,
    private readonly release: Release,
    private readonly watched: WatchedBuckets,
    private readonly publisher: DocumentPublisher,
    private readonly cache: ClusterCache,
  ) {}

  /**
   * An S3Bucket is gone. Where somebody took its finalizer, or it went while no operator ran, this is its deletion; where
   * neither is so, it is so after a while.
   */
  async gone(key: string): Promise<PassResult> {
    const { namespace = '', name } = parseObjectKey(key);
    this.watched.claims.ledger.stopWaiting({ namespace, name });
    const holdMs = this.watched.vanished.holdMs(key);
    if (holdMs > 0) return { requeueAfterMs: holdMs };
    const held = this.watched.claims.ledger.heldBy({ namespace, name });
    const waiting = await this.end(this.ringsOf(key, held), held);
    if (waiting === undefined) this.watched.memory.forget(key);
    return waiting;
  }

  /** An S3Bucket that is refused has the name of one that is gone, and takes over nothing of it: this is the deletion of that. */
  async endPredecessor({ metadata }: S3Bucket): Promise<PassResult> {
    const held = this.watched.claims.heldBefore(metadata);
    return held && (await this.end(this.ringsOf(objectKey(metadata), held), held));
  }

  private async end(rings: readonly KeyRingRef[], held: Incumbent | undefined): Promise<PassResult> {
    if (held !== undefined) {
      // What is served is all that still says whose data is there.
      this.watched.claims.assertRemembered(held.owner, true);
      const waiting = await this.withdrawal.end(held.owner);
      if (waiting !== undefined) return { requeueAfterMs: waiting.retryInMs };
      await this.release.claim(held.owner, true);
    }
    for (const ring of rings) await this.release.ring(ring);
    return undefined;
  }

  /**
   * What an S3Bucket left that is gone, of the name of one that is there: somebody took the finalizer of the first. The
   * claim goes over to its successor, unless that asks for another bucket name, under which nobody would end what is served;
   * its keys do so only where both name the same Secret.
   */
  async succeed(bucket: S3Bucket): Promise<PassResult> {
    const key = objectKey(bucket.metadata);
    const held = this.watched.claims.heldBefore(bucket.metadata);
    if (held !== undefined && held.bucketName !== wantedName(bucket)) {
      const waiting = await this.endPredecessor(bucket);
      if (waiting !== undefined) return waiting;
    }
    const ring = this.watched.users.leftBy(key);
    if (ring === undefined) return undefined;
    await this.release.ring(ring);
    this.watched.users.forgetLeft(key);
    return undefined;
  }

  // The mapping tells where the S3Bucket went before this process began.
  private ringsOf(key: string, held: Incumbent | undefined): readonly KeyRingRef[] {
    const left = this.watched.users.leftBy(key);
    const served = held === undefined ? undefined : this.withdrawal.servedName(held.owner);
    return [...(left === undefined ? [] : [left]), ...(served === undefined ? [] : this.publisher.ringsOf(served))];
  }

  /** Rings of S3Buckets that went while no operator ran end too, once it is known of all which they have. */
  async sweep(): Promise<void> {
    for (const ref of this.publisher.unnamedRings()) {
      if (this.cache.watches(ref.namespace) && this.watched.users.membersOf(ref).length === 0)
        await this.release.ring(ref);
    }
  }

  /** A policy took a permission back: what was served by it ends. Claim, data and Secret stay. */
  async withdraw(bucket: S3Bucket): Promise<PassResult> {
    this.watched.users.drop(objectKey(bucket.metadata));
    const waiting = await this.withdrawal.end(ownerOf(bucket));
    return waiting === undefined ? undefined : { requeueAfterMs: waiting.retryInMs };
  }
}
