import { Injectable } from '@nestjs/common';
import { ALLOW_MASS_DELETION_ANNOTATION, S3_BUCKET_FINALIZER } from '@bucketway/contract';
import type { ConditionType, S3Bucket } from '@bucketway/contract';
import type { ClaimOwner } from '../../claims/claim.js';
import { objectKey } from '../../kube/kube-object.js';
import { ownerOf } from '../admission.js';
import { BucketEmptier } from './bucket-emptier.js';
import { BucketFinalizer } from './bucket-finalizer.js';
import type { PassResult } from '../bucket-queue.js';
import { RetainedPathsError } from '../retained-paths-error.js';
import { Release } from './release.js';
import { StatusReporter } from '../status/status-reporter.js';
import { fails, holds } from '../verdict.js';
import type { Verdict } from '../verdict.js';
import { Withdrawal } from './withdrawal.js';
import type { WaitingWithdrawal } from './withdrawal.js';

/** Until it is told what a deletion waits for, in milliseconds. */
const QUIET_MS = 1000;
/** Between two looks at a bucket that is being emptied, in milliseconds. */
const EMPTYING_INTERVAL_MS = 2000;

/** Between two tries to note down where data was left, in milliseconds; what helps brings a pass at once. */
const REMEMBERING_INTERVAL_MS = 60_000;

/**
 * Ends S3Buckets: mapping, acknowledgement, keys, the app's Secret, the claim, and then the finalizer. It looks nothing
 * up that may be gone: a policy, a namespace, a gateway or a storage that is away never holds a deletion for longer than
 * the grace, but for data that somebody asked to be deleted.
 */
@Injectable()
export class BucketDeletion {
  constructor(
    private readonly withdrawal: Withdrawal,
    private readonly release: Release,
    private readonly emptier: BucketEmptier,
    private readonly finalizer: BucketFinalizer,
    private readonly reporter: StatusReporter,
  ) {}

  /** One pass over an S3Bucket that is on its way out. */
  async reconcile(bucket: S3Bucket): Promise<PassResult> {
    const key = objectKey(bucket.metadata);
    const owner = ownerOf(bucket);
    if (bucket.metadata.finalizers?.includes(S3_BUCKET_FINALIZER) !== true) return undefined;
    const served = this.withdrawal.servedName(owner);
    const isMeant = bucket.metadata.annotations?.[ALLOW_MASS_DELETION_ANNOTATION] === 'true';
    if (served !== undefined) await this.emptier.dropRevoked(bucket, served);
    // Before any data goes: that cannot be undone.
    const held = this.withdrawal.held(owner, isMeant);
    if (held !== undefined) return await this.block(bucket, held.verdict, held.retryInMs);
    const isTrial = this.withdrawal.isTrial(bucket);
    const deletesData = !isTrial && this.emptier.isAsked(bucket);
    if (deletesData) {
      const blocked = await this.emptier.empty(bucket, served);
      if (blocked !== undefined) return await this.block(bucket, blocked, EMPTYING_INTERVAL_MS);
    }
    // Somebody may have wanted it again in between.
    const heldAgain = await this.withdrawal.end(owner);
    if (heldAgain !== undefined) return await this.block(bucket, heldAgain.verdict, heldAgain.retryInMs);
    const waiting = this.withdrawal.waiting(bucket);
    this.reporter.memory.awaitGateways(key, waiting?.version);
    if (waiting !== undefined) return await this.wait(bucket, waiting);
    await this.release.keys(bucket);
    await this.emptier.end(bucket);
    // What was never its own it leaves as it was, and to whom it was.
    const unremembered = await this.letGo(owner, !deletesData && !isTrial);
    if (unremembered !== undefined) return await this.block(bucket, unremembered, REMEMBERING_INTERVAL_MS);
    await this.finalizer.remove(bucket);
    this.reporter.released(bucket, deletesData ? undefined : bucket.status?.path);
    return undefined;
  }

  // Mostly gateways end it at once, and nobody needs to be told.
  private async wait(bucket: S3Bucket, { sinceMs, forMs, verdict }: WaitingWithdrawal): Promise<PassResult> {
    if (sinceMs < QUIET_MS) return { requeueAfterMs: Math.min(forMs, QUIET_MS - sinceMs) };
    return await this.block(bucket, verdict, forMs);
  }

  private async letGo(owner: ClaimOwner, retain: boolean): Promise<Verdict | undefined> {
    try {
      await this.release.claim(owner, retain);
      return undefined;
    } catch (error) {
      if (!(error instanceof RetainedPathsError)) throw error;
      return holds('RetainedPathsUnusable', error.message);
    }
  }

  private async block(bucket: S3Bucket, verdict: Verdict, retryInMs: number): Promise<PassResult> {
    const message = 'The S3Bucket is being deleted.';
    const verdicts = [
      ['Ready', fails('Deleting', message)],
      ['Reconciling', holds('Deleting', message)],
      ['DeletionBlocked', verdict],
    ] as const;
    await this.reporter.write(bucket, new Map<ConditionType, Verdict>(verdicts));
    return { requeueAfterMs: retryInMs };
  }
}
