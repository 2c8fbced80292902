import type { Condition, S3Bucket } from '@bucketway/contract';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ClusterCache } from '../../cluster/cluster-cache.js';
import type { KeyPlan } from '../../credentials/key-plan.js';
import type { EventRecorder, RecordedEvent } from '../../kube/event-recorder.js';
import { OperatorMetrics } from '../../observability/operator-metrics.js';
import type { AppObjectOutcome } from '../keys/app-objects.js';
import { BucketEvents } from './bucket-events.js';

const KEY = 'BWKEY';
const NAME = 'photos-s3';

/** An S3Bucket whose status says this of its key. */
function bucket(credentialsReady: Partial<Condition>, accessKeyId = KEY): S3Bucket {
  const conditions = [{ type: 'CredentialsReady', observedGeneration: 2, ...credentialsReady }];
  return {
    metadata: { namespace: 'team', name: 'photos', uid: 'uid-1', generation: 2 },
    spec: {},
    status: { conditions, credentials: { accessKeyId } },
  } as unknown as S3Bucket;
}

const ISSUED = bucket({ status: 'True', reason: 'CredentialsIssued' });

describe('BucketEvents', () => {
  let told: RecordedEvent[];
  let metrics: OperatorMetrics;
  let events: BucketEvents;

  beforeEach(() => {
    told = [];
    metrics = new OperatorMetrics();
    const recorder = { record: (_regarding: unknown, event: RecordedEvent) => void told.push(event) };
    const cache = { isTerminating: () => false };
    events = new BucketEvents(recorder as unknown as EventRecorder, metrics, cache as unknown as ClusterCache);
  });

  const counted = async (metric: 'driftReverted' | 'rotations'): Promise<object> => {
    const { values } = await metrics[metric].get();
    return Object.fromEntries(values.map(({ labels, value }) => [Object.values(labels).join(), value]));
  };

  it('counts rotations by what brought them about, once they are over', async () => {
    const steps: KeyPlan['events'] = [
      { type: 'RotationStarted', accessKeyId: KEY, cause: 'Request' },
      { type: 'RotationCompleted', accessKeyId: KEY, cause: 'Request' },
      { type: 'RotationCompleted', accessKeyId: KEY, cause: 'Interval' },
      { type: 'RotationBlocked', accessKeyId: KEY, cause: 'Interval' },
    ];
    events.keysChanged(ISSUED, { events: steps } as KeyPlan);
    expect(await counted('rotations')).toEqual({ Request: 1, Interval: 1 });
    expect(told.map(({ reason, note }) => `${reason}: ${note}`)).toEqual([
      'RotationStarted: Key BWKEY (Request)',
      'RotationCompleted: Key BWKEY (Request)',
      'RotationCompleted: Key BWKEY (Interval)',
      expect.stringContaining('RotationBlocked: Key BWKEY (Interval) is replaced later') as string,
    ]);
  });

  it.each<[string, S3Bucket, AppObjectOutcome, string | undefined, number]>([
    ['is as it should be', ISSUED, { action: 'keep' }, undefined, 0],
    ['is somebody else’s', ISSUED, { action: 'conflict', message: 'no' }, undefined, 0],
    ['was deleted', ISSUED, { action: 'create', edited: false }, 'SecretRestored', 1],
    ['was edited', ISSUED, { action: 'update', edited: true, manager: 'kubectl-edit' }, 'DriftReverted', 1],
    ['gets another key', ISSUED, { action: 'update', edited: false }, 'SecretWritten', 0],
    ['gets another type', ISSUED, { action: 'recreate', edited: false }, 'SecretWritten', 0],
    [
      'comes again with another key',
      bucket({ reason: 'CredentialsIssued' }, 'BWOLD'),
      { action: 'create', edited: false },
      'SecretWritten',
      0,
    ],
    [
      'could not be written before',
      bucket({ reason: 'SecretWriteFailed' }),
      { action: 'create', edited: false },
      'SecretWritten',
      0,
    ],
    [
      'waited for an empty path',
      bucket({ reason: 'NotProbed' }),
      { action: 'create', edited: false },
      'SecretWritten',
      0,
    ],
  ])('tells what became of a Secret that %s', async (_title, of, outcome, reason, drift) => {
    events.secretPut(of, NAME, KEY, outcome);
    expect(told.map((event) => event.reason)).toEqual(reason === undefined ? [] : [reason]);
    expect(told[0]?.type).toBe(reason === undefined ? undefined : drift > 0 ? 'Warning' : 'Normal');
    expect(await counted('driftReverted')).toEqual(drift === 0 ? {} : { 'app-secret': drift });
  });

  it.each<[string, S3Bucket, AppObjectOutcome, string | undefined]>([
    ['is as it should be', ISSUED, { action: 'keep' }, undefined],
    ['was deleted', ISSUED, { action: 'create', edited: false }, 'deleted'],
    ['was edited', ISSUED, { action: 'update', edited: true, manager: 'kubectl-edit' }, 'edited by kubectl-edit'],
    ['lacks an owner', ISSUED, { action: 'update', edited: false }, undefined],
    [
      'could not be written before',
      bucket({ reason: 'SecretWriteFailed' }),
      { action: 'create', edited: false },
      undefined,
    ],
    [
      'is asked for since now',
      bucket({ reason: 'CredentialsIssued', observedGeneration: 1 }),
      { action: 'create', edited: false },
      undefined,
    ],
  ])('tells what became of a ConfigMap that %s', async (_title, of, outcome, change) => {
    events.configMapPut(of, NAME, KEY, outcome);
    const note = `The ConfigMap ${NAME} was ${String(change)}; it is written again. Change the S3Bucket instead.`;
    expect(told.map((event) => event.note)).toEqual(change === undefined ? [] : [note]);
    expect(await counted('driftReverted')).toEqual(change === undefined ? {} : { 'app-configmap': 1 });
  });
});
