import type { ConditionReason, ConditionStatus } from '@bucketway/contract';

/** What was found out about one condition of an S3Bucket. */
export interface Verdict {
  readonly status: ConditionStatus;
  readonly reason: ConditionReason;
  /** What is so and, where it is not as asked, what to change. Never holds a secret. */
  readonly message: string;
}

/** It is as asked. */
export function holds(reason: ConditionReason, message: string): Verdict {
  return { status: 'True', reason, message };
}

/** It is not as asked. */
export function fails(reason: ConditionReason, message: string): Verdict {
  return { status: 'False', reason, message };
}

/** Nobody has looked yet. */
export function unknown(reason: ConditionReason, message: string): Verdict {
  return { status: 'Unknown', reason, message };
}
