import { CONDITION_TYPES } from '@bucketway/contract';
import type { Condition, ConditionType } from '@bucketway/contract';
import { fails, holds } from '../verdict.js';
import type { Verdict } from '../verdict.js';

/** The four that decide whether a client can use the bucket, in the order in which they are found out. */
export interface Findings {
  readonly accepted: Verdict;
  readonly credentialsReady: Verdict;
  readonly programmed: Verdict;
  readonly backendReachable: Verdict;
}

/** Conditions that are reported only while they are true, or to say that they no longer are. */
export interface Abnormal {
  readonly rotationInProgress?: Verdict;
  readonly quotaExceeded?: Verdict;
  readonly deletionBlocked?: Verdict;
}

/** Reasons that go on until somebody changes something. */
const STALLING: ReadonlySet<ConditionType> = new Set<ConditionType>(['Accepted']);

/**
 * All conditions of an S3Bucket. `Ready` says what fails first; `Reconciling` and `Stalled` are those of kstatus, by which
 * `kubectl wait`, Flux and Argo CD see whether something is still on its way.
 */
export function judgeConditions(
  findings: Findings,
  { rotationInProgress, quotaExceeded, deletionBlocked }: Abnormal,
): ConditionVerdicts {
  const decisive = [
    ['Accepted', findings.accepted],
    ['Programmed', findings.programmed],
    ['BackendReachable', findings.backendReachable],
    ['CredentialsReady', findings.credentialsReady],
  ] as const;
  const failing = decisive.find(([, { status }]) => status !== 'True');
  const verdicts = new Map<ConditionType, Verdict>(decisive);
  if (failing === undefined) {
    verdicts.set('Ready', holds('Ready', 'A client can use the bucket now.'));
    verdicts.set('Reconciling', fails('Settled', 'Nothing is left to do.'));
    verdicts.set('Stalled', fails('Settled', 'Nothing is left to do.'));
  } else {
    const [type, { reason, message }] = failing;
    const stalled = STALLING.has(type);
    verdicts.set('Ready', fails(reason, message));
    verdicts.set('Reconciling', stalled ? fails(reason, message) : holds('Progressing', message));
    verdicts.set('Stalled', stalled ? holds(reason, message) : fails('Progressing', message));
  }
  if (rotationInProgress !== undefined) verdicts.set('RotationInProgress', rotationInProgress);
  if (quotaExceeded !== undefined) verdicts.set('QuotaExceeded', quotaExceeded);
  if (deletionBlocked !== undefined) verdicts.set('DeletionBlocked', deletionBlocked);
  return verdicts;
}

/** By type. */
export type ConditionVerdicts = ReadonlyMap<ConditionType, Verdict>;

/**
 * The conditions as they are written: a time changes only with the status, and a condition that nobody judged this time
 * stays as it is.
 */
export function mergeConditions(
  before: readonly Condition[] | undefined,
  verdicts: ConditionVerdicts,
  observedGeneration: number,
  now: Date,
): Condition[] {
  const known = new Map(before?.map((condition) => [condition.type, condition]));
  const merged: Condition[] = [];
  for (const type of Object.keys(CONDITION_TYPES) as ConditionType[]) {
    const old = known.get(type);
    const verdict = verdicts.get(type);
    if (verdict === undefined) {
      if (old !== undefined) merged.push(old);
      continue;
    }
    const lastTransitionTime = old?.status === verdict.status ? old.lastTransitionTime : toSeconds(now);
    merged.push({ type, ...verdict, observedGeneration, lastTransitionTime });
  }
  return merged;
}

/** RFC 3339 in whole seconds, as metav1.Time is written. */
export function toSeconds(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}
