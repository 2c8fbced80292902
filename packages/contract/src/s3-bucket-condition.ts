import type { ConditionType } from './s3-bucket-condition-type.js';
import type { ConditionReason } from './s3-bucket-reason.js';

/** The values of a condition. */
export const CONDITION_STATUSES = ['True', 'False', 'Unknown'] as const;

/** @see CONDITION_STATUSES */
export type ConditionStatus = (typeof CONDITION_STATUSES)[number];

/** One observation about an S3Bucket (Kubernetes API conventions, "Typical status properties"). */
export interface Condition {
  readonly type: ConditionType;
  readonly status: ConditionStatus;
  /** The generation of the spec that was looked at. */
  readonly observedGeneration?: number;
  /** When `status` changed last. */
  readonly lastTransitionTime: string;
  readonly reason: ConditionReason;
  /** What is so and, where it is not as asked, what to change. Never holds a secret. */
  readonly message: string;
}
