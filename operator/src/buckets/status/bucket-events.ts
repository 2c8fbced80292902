import { S3_BUCKET_API_VERSION, S3_BUCKET_KIND } from '@bucketway/contract';
import type { Condition, ConditionType, S3Bucket, S3BucketStatus } from '@bucketway/contract';
import { Injectable } from '@nestjs/common';
import { ClusterCache } from '../../cluster/cluster-cache.js';
import type { KeyPlan } from '../../credentials/key-plan.js';
import { EventRecorder } from '../../kube/event-recorder.js';
import { OperatorMetrics } from '../../observability/operator-metrics.js';
import type { AppObjectOutcome } from '../keys/app-objects.js';

/** Conditions whose change is worth an event; the others follow from them. */
const TOLD: readonly ConditionType[] = [
  'Accepted',
  'CredentialsReady',
  'BackendReachable',
  'Ready',
  'QuotaExceeded',
  'DeletionBlocked',
];
/** Where `True` is what somebody should look at. */
const ABNORMAL: ReadonlySet<ConditionType> = new Set<ConditionType>(['QuotaExceeded', 'DeletionBlocked']);

/** Tells with Kubernetes events what a person would ask about an S3Bucket. */
@Injectable()
export class BucketEvents {
  constructor(
    private readonly recorder: EventRecorder,
    private readonly metrics: OperatorMetrics,
    private readonly cache: ClusterCache,
  ) {}

  /** The status changed: says which conditions did. */
  transition(bucket: S3Bucket, { conditions = [] }: S3BucketStatus): void {
    const before = new Map(bucket.status?.conditions?.map((condition) => [condition.type, condition]));
    for (const condition of conditions) {
      const old = before.get(condition.type);
      if (!TOLD.includes(condition.type) || !isNews(condition, old)) continue;
      const good = (condition.status === 'True') !== ABNORMAL.has(condition.type);
      this.record(bucket, good ? 'Normal' : 'Warning', condition.reason, condition.message);
    }
  }

  /** A key ring went a step further. */
  keysChanged(bucket: S3Bucket, { events }: KeyPlan): void {
    for (const event of events) {
      if (event.type === 'RotationCompleted') this.metrics.rotations.inc({ trigger: event.cause });
      const key = `Key ${event.accessKeyId}${'cause' in event ? ` (${event.cause})` : ''}`;
      const note = event.type === 'RotationBlocked' ? `${key} ${WAITS_FOR_OVERLAPS}` : key;
      this.record(bucket, WORRYING.has(event.type) ? 'Warning' : 'Normal', EVENT_REASONS[event.type], note);
    }
  }

  /** The key of a Secret is nowhere any more, and another one takes its place. */
  credentialsReissued(bucket: S3Bucket, secretName: string): void {
    const note = `The key of the Secret ${secretName} is lost: another one is issued, and apps must read the Secret again.`;
    this.record(bucket, 'Warning', 'CredentialsReissued', note);
  }

  /** The app's Secret was looked at, and written where it was not as it should be. */
  secretPut(bucket: S3Bucket, name: string, accessKeyId: string, outcome: AppObjectOutcome): void {
    if (outcome.action === 'keep' || outcome.action === 'conflict') return;
    if (outcome.edited) this.driftReverted(bucket, 'Secret', name, `edited${by(outcome)}`);
    else if (outcome.action === 'create' && hadKey(bucket, accessKeyId)) {
      this.metrics.driftReverted.inc({ object: DRIFT_OBJECTS.Secret });
      const note = `The Secret ${name} was gone and is back with the same key.`;
      this.record(bucket, 'Warning', 'SecretRestored', note);
    } else this.record(bucket, 'Normal', 'SecretWritten', `The Secret ${name} holds the key ${accessKeyId}.`);
  }

  /** The same of the ConfigMap beside a Secret that is as it was. */
  configMapPut(bucket: S3Bucket, name: string, accessKeyId: string, outcome: AppObjectOutcome): void {
    if (outcome.action === 'keep' || outcome.action === 'conflict') return;
    if (outcome.edited) this.driftReverted(bucket, 'ConfigMap', name, `edited${by(outcome)}`);
    else if (outcome.action === 'create' && hadKey(bucket, accessKeyId)) {
      this.driftReverted(bucket, 'ConfigMap', name, 'deleted');
    }
  }

  /** It is gone, and what it held is free. @param path where data stays; undefined where none does */
  released(bucket: S3Bucket, path: string | undefined): void {
    const data = path === undefined ? 'No data stays.' : `What is at ${path} stays there.`;
    this.record(bucket, 'Normal', 'Released', `It is served no more, and its name is free. ${data}`);
  }

  private driftReverted(bucket: S3Bucket, kind: keyof typeof DRIFT_OBJECTS, name: string, change: string): void {
    this.metrics.driftReverted.inc({ object: DRIFT_OBJECTS[kind] });
    const note = `The ${kind} ${name} was ${change}; it is written again. Change the S3Bucket instead.`;
    this.record(bucket, 'Warning', 'DriftReverted', note);
  }

  private record(bucket: S3Bucket, type: 'Normal' | 'Warning', reason: string, note: string): void {
    if (this.cache.isTerminating(bucket.metadata.namespace)) return;
    const regarding = { ...bucket, apiVersion: S3_BUCKET_API_VERSION, kind: S3_BUCKET_KIND };
    this.recorder.record(regarding, { type, reason, action: 'Reconcile', note });
  }
}

const WAITS_FOR_OVERLAPS =
  'is replaced later: too many keys from before still work. Wait for their overlap to end, revoke one, or shorten credentials.rotation.overlap.';
const WORRYING: ReadonlySet<KeyPlan['events'][number]['type']> = new Set(['Revoked', 'RotationBlocked'] as const);

const EVENT_REASONS = {
  Issued: 'KeyIssued',
  Revoked: 'KeyRevoked',
  Retired: 'KeyRetired',
  RotationStarted: 'RotationStarted',
  RotationCompleted: 'RotationCompleted',
  RotationBlocked: 'RotationBlocked',
} as const;

/** What `drift_reverted_total` calls them; documents are there by their kind. */
const DRIFT_OBJECTS = { Secret: 'app-secret', ConfigMap: 'app-configmap' } as const;

function by({ manager }: AppObjectOutcome): string {
  return manager === undefined ? '' : ` by ${manager}`;
}

/** Whether the app had this key, and everything that the spec of now asks for beside it. */
function hadKey({ metadata, status }: S3Bucket, accessKeyId: string): boolean {
  const condition = status?.conditions?.find(({ type }) => type === 'CredentialsReady');
  const isIssued = condition?.reason === 'CredentialsIssued' && condition.observedGeneration === metadata.generation;
  return isIssued && status?.credentials?.accessKeyId === accessKeyId;
}

// The first report of something that is still on its way is no news.
function isNews({ status, reason }: Condition, old: Condition | undefined): boolean {
  if (old === undefined) return reason !== 'WaitingForGateways' && reason !== 'NotProbed' && reason !== 'NotAccepted';
  return old.status !== status || (status === 'False' && old.reason !== reason);
}
