import { Injectable } from '@nestjs/common';
import type { S3Bucket } from '@bucketway/contract';
import { objectKey } from '../kube/kube-object.js';
import { Admission } from './admission.js';
import { BucketDeletion } from './deletion/bucket-deletion.js';
import { BucketFinalizer } from './deletion/bucket-finalizer.js';
import { BucketProvision } from './bucket-provision.js';
import type { Provisioned } from './bucket-provision.js';
import { BucketQueue } from './bucket-queue.js';
import type { PassResult } from './bucket-queue.js';
import { LostBuckets } from './deletion/lost-buckets.js';
import { ServedBuckets } from './served-buckets.js';
import type { StatusFacts } from './status/describe-status.js';
import { StatusReporter } from './status/status-reporter.js';
import { UsageNews } from './news/usage-news.js';
import { fails, unknown } from './verdict.js';
import type { Verdict } from './verdict.js';

/** What takes an S3Bucket from one state to another. */
@Injectable()
export class BucketTransitions {
  constructor(
    readonly provision: BucketProvision,
    readonly deletion: BucketDeletion,
    readonly lost: LostBuckets,
    readonly finalizer: BucketFinalizer,
    readonly served: ServedBuckets,
  ) {}
}

/**
 * One pass over one S3Bucket: looks at what is, does the next thing towards what is asked, and says so in the status.
 * Nothing waits in a pass; whatever moves on (a document stored, a gateway that acknowledged) brings the next one.
 */
@Injectable()
export class BucketReconciler {
  constructor(
    private readonly admission: Admission,
    private readonly transitions: BucketTransitions,
    private readonly reporter: StatusReporter,
    private readonly queue: BucketQueue,
    private readonly usage: UsageNews,
  ) {}

  /** @param bucket undefined where it is gone */
  async reconcile(key: string, bucket: S3Bucket | undefined): Promise<PassResult> {
    if (bucket === undefined) return await this.transitions.lost.gone(key);
    const waiting = await this.transitions.lost.succeed(bucket);
    if (waiting !== undefined) return waiting;
    if (bucket.metadata.deletionTimestamp !== undefined) return await this.transitions.deletion.reconcile(bucket);
    if (bucket.spec.suspend === true && !this.transitions.served.isLost(bucket)) return await this.suspend(bucket);
    const admitted = this.admission.admit(bucket);
    if ('refused' in admitted) return await this.refuse(bucket, admitted.refused);
    // First: where the claims cannot be kept, the next pass finds nothing to hand on.
    for (const other of admitted.requeue) this.queue.add(objectKey(other));
    await this.admission.keepClaims(bucket);
    await this.transitions.finalizer.ensure(bucket);
    const { findings, facts } = await this.transitions.provision.advance(bucket, admitted.accepted);
    return await this.reporter.report(bucket, findings, this.used(facts));
  }

  /** Every S3Bucket was looked at: what nobody has any more ends. */
  async sweep(): Promise<void> {
    await this.transitions.lost.sweep();
  }

  private async refuse(bucket: S3Bucket, refused: Verdict): Promise<PassResult> {
    const served = this.transitions.served.judge(bucket);
    if (served?.accepted !== true) return await this.withdraw(bucket, refused);
    const { facts, unwritten } = await this.transitions.provision.keep(bucket, served);
    const accepted = { ...refused, message: `${refused.message}. Until then it is served as before.` };
    const nothing = unknown('NotAccepted', 'The spec is not in force. What was accepted before is served on.');
    const findings = {
      accepted,
      credentialsReady: unwritten ?? nothing,
      programmed: nothing,
      backendReachable: nothing,
    };
    return await this.reporter.report(bucket, findings, this.used(facts));
  }

  /** A policy took a permission back, or nothing was served yet. */
  private async withdraw(bucket: S3Bucket, accepted: Verdict): Promise<PassResult> {
    const waiting = await this.transitions.lost.withdraw(bucket);
    const nothing = unknown('NotAccepted', 'Nothing is done before the S3Bucket is accepted.');
    const findings = { accepted, credentialsReady: nothing, programmed: nothing, backendReachable: nothing };
    await this.reporter.report(bucket, findings);
    return waiting ?? (await this.transitions.lost.endPredecessor(bucket));
  }

  private async suspend(bucket: S3Bucket): Promise<PassResult> {
    const served = this.transitions.served.judge(bucket);
    if (served?.accepted === false) return await this.withdraw(bucket, fails(served.reason, served.message));
    const message = 'spec.suspend is set: what was served stays served, and changes of the spec wait.';
    const verdicts = new Map([['Reconciling', fails('Suspended', message)] as const]);
    if (served === undefined) return void (await this.reporter.write(bucket, verdicts));
    const { facts, unwritten } = await this.transitions.provision.keep(bucket, served);
    return await this.reporter.reportKept(bucket, { verdicts, unwritten }, this.used(facts));
  }

  private used(facts: Provisioned['facts']): StatusFacts {
    return { ...facts, use: this.usage.useOf(facts.granted.bucketName) };
  }
}
