import { Inject, Injectable } from '@nestjs/common';
import type { ConditionReason, S3Bucket } from '@bucketway/contract';
import { OperatorConfiguration } from '../../config/operator-configuration.js';
import type { KeyPlan } from '../../credentials/key-plan.js';
import { objectKey } from '../../kube/kube-object.js';
import { OperatorMetrics } from '../../observability/operator-metrics.js';
import { PROBE_INTERVAL_MS } from './backend-health.js';
import { BucketEvents } from './bucket-events.js';
import { BucketMemory } from '../bucket-memory.js';
import type { PassResult } from '../bucket-queue.js';
import { judgeConditions } from './conditions.js';
import type { Abnormal, ConditionVerdicts, Findings } from './conditions.js';
import { describeStatus } from './describe-status.js';
import type { StatusFacts } from './describe-status.js';
import { judgeQuota } from './judge-quota.js';
import { judgeRotation } from './judge-rotation.js';
import type { Verdict } from '../verdict.js';
import { ECHO_MS, StatusWriter } from './status-writer.js';
import type { WriteOutcome } from './status-writer.js';

/** A change that is carried out within this time, in milliseconds, is reported once: when it is done. */
const QUIET_MS = 1000;

/** An S3Bucket that was Ready is not told otherwise for this time, in milliseconds, while it is on its way only. */
const READY_QUIET_MS = 10_000;

/** What mostly goes on by itself: a gateway also refuses what it finds half written. */
const UNDER_WAY: ReadonlySet<ConditionReason> = new Set<ConditionReason>([
  'WaitingForGateways',
  'GatewayRejected',
  'NotProbed',
]);

/** Between two reports of which gateways are waited for, in milliseconds. */
const WAITING_INTERVAL_MS = 5000;

/** Until a Secret is tried again that could not be written, in milliseconds: nobody tells when what was in the way is gone. */
const SECRET_INTERVAL_MS = 10_000;
const UNWRITTEN: ReadonlySet<ConditionReason> = new Set<ConditionReason>(['SecretConflict', 'SecretWriteFailed']);

/** Phases of a key ring that wait for time or for nothing, and not for gateways. */
const SETTLED: ReadonlySet<KeyPlan['phase']> = new Set<KeyPlan['phase']>(['None', 'Idle', 'Overlap']);

/** Says what a pass found out, and when the next one is due. */
@Injectable()
export class StatusReporter {
  constructor(
    private readonly writer: StatusWriter,
    private readonly events: BucketEvents,
    readonly memory: BucketMemory,
    private readonly metrics: OperatorMetrics,
    @Inject(OperatorConfiguration) private readonly configuration: OperatorConfiguration,
  ) {}

  /** @param facts undefined where the S3Bucket was not accepted */
  async report(bucket: S3Bucket, findings: Findings, facts?: StatusFacts): Promise<PassResult> {
    const key = objectKey(bucket.metadata);
    const verdicts = judgeConditions(findings, facts === undefined ? {} : judgeAbnormal(bucket, facts));
    const ready = verdicts.get('Ready')?.status === 'True';
    const stalled = verdicts.get('Stalled')?.status === 'True';
    this.follow(bucket, ready || stalled, facts);
    const pendingMs = this.memory.pendingMs(bucket);
    const laterMs = nextPassMs(findings, facts);
    // That the path is its own must be stored before its key is handed out.
    if (!ready && !stalled && facts?.binding !== 'opening') {
      const quietMs = this.quietMs(bucket, verdicts, pendingMs);
      if (quietMs > 0) return { requeueAfterMs: Math.min(quietMs, laterMs ?? quietMs) };
    }
    const outcome = await this.write(bucket, verdicts, facts);
    if (ready && pendingMs !== undefined) this.metrics.propagation.observe(pendingMs / 1000);
    if (ready || stalled) this.memory.settle(key);
    const againMs = earliest([laterMs, outcome === 'under way' ? ECHO_MS : undefined]);
    return againMs === undefined ? undefined : { requeueAfterMs: againMs };
  }

  /**
   * Says what a pass found out over an S3Bucket whose spec waits: all other conditions are those of the spec that is in force.
   *
   * @param unwritten why the app does not have its key
   */
  async reportKept(
    bucket: S3Bucket,
    { verdicts, unwritten }: { readonly verdicts: ConditionVerdicts; readonly unwritten: Verdict | undefined },
    facts: StatusFacts,
  ): Promise<PassResult> {
    this.follow(bucket, true, facts);
    const found = new Map(verdicts);
    if (unwritten !== undefined) found.set('CredentialsReady', unwritten);
    const { rotationInProgress } = judgeRotation(bucket, facts.plan);
    if (rotationInProgress !== undefined) found.set('RotationInProgress', rotationInProgress);
    await this.write(bucket, found, facts);
    const againMs = earliest([
      facts.plan.nextCheckMs,
      facts.lookAgainMs,
      unwritten === undefined ? undefined : SECRET_INTERVAL_MS,
    ]);
    return againMs === undefined ? undefined : { requeueAfterMs: againMs };
  }

  /** Whatever gateways say brings the next pass where something is still on its way. */
  private follow(bucket: S3Bucket, done: boolean, facts: StatusFacts | undefined): void {
    const settled = done && SETTLED.has(facts?.plan.phase ?? 'None');
    this.memory.awaitGateways(objectKey(bucket.metadata), settled ? undefined : facts?.stored);
    if (facts !== undefined) this.events.keysChanged(bucket, facts.plan);
  }

  /** For how long nobody is told yet that something is not as asked. */
  private quietMs(bucket: S3Bucket, verdicts: ConditionVerdicts, pendingMs: number | undefined): number {
    const unsettledMs = this.memory.unsettledMs(objectKey(bucket.metadata));
    if (pendingMs !== undefined && pendingMs < QUIET_MS) return QUIET_MS - pendingMs;
    const told = verdicts.get('Ready');
    if (told === undefined || !UNDER_WAY.has(told.reason)) return 0;
    const said = bucket.status?.conditions?.find(({ type }) => type === 'Ready');
    const wasReady = said?.status === 'True' && said.observedGeneration === bucket.metadata.generation;
    if (wasReady && unsettledMs < READY_QUIET_MS) return READY_QUIET_MS - unsettledMs;
    if (said?.reason === told.reason && said.message === told.message) return 0;
    return this.memory.mayTellProgress() ? 0 : WAITING_INTERVAL_MS;
  }

  /** It is gone. @param path where data stays; undefined where none does */
  released(bucket: S3Bucket, path: string | undefined): void {
    this.events.released(bucket, path);
    this.memory.forget(objectKey(bucket.metadata));
  }

  /** Writes these conditions; those that nobody judged stay as they are. */
  async write(bucket: S3Bucket, verdicts: ConditionVerdicts, facts?: StatusFacts): Promise<WriteOutcome> {
    const status = describeStatus(bucket, verdicts, facts, this.configuration, this.memory.wallTime());
    const outcome = await this.writer.write(bucket, status);
    if (outcome === 'written') this.events.transition(bucket, status);
    return outcome;
  }
}

function judgeAbnormal(bucket: S3Bucket, { plan, granted, use }: StatusFacts): Abnormal {
  return { ...judgeRotation(bucket, plan), ...judgeQuota(bucket, granted.quota, use.usage) };
}

function nextPassMs(
  { programmed, backendReachable, credentialsReady }: Findings,
  facts: StatusFacts | undefined,
): number | undefined {
  return earliest([
    facts?.plan.nextCheckMs,
    facts?.lookAgainMs,
    programmed.status === 'False' && facts !== undefined ? WAITING_INTERVAL_MS : undefined,
    backendReachable.status === 'False' ? PROBE_INTERVAL_MS : undefined,
    UNWRITTEN.has(credentialsReady.reason) ? SECRET_INTERVAL_MS : undefined,
  ]);
}

function earliest(due: readonly (number | undefined)[]): number | undefined {
  const times = due.filter((milliseconds) => milliseconds !== undefined);
  return times.length === 0 ? undefined : Math.min(...times);
}
