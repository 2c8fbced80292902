import type { Condition } from './s3-bucket-condition.js';

/** What a key is: not known to all gateways yet, the one in use, or still valid beside its successor. */
export const KEY_STATES = ['Pending', 'Active', 'Retiring'] as const;

/** @see KEY_STATES */
export type S3BucketKeyState = (typeof KEY_STATES)[number];

/** The steps of a rotation in their order; `Idle` is none. */
export const ROTATION_PHASES = ['Idle', 'Issue', 'Publish', 'Acknowledge', 'Switch', 'Overlap', 'Retire'] as const;

/** @see ROTATION_PHASES */
export type S3BucketRotationPhase = (typeof ROTATION_PHASES)[number];

/** How a client addresses the bucket. */
export const ADDRESSING_STYLES = ['path', 'virtual'] as const;

/** @see ADDRESSING_STYLES */
export type S3BucketAddressingStyle = (typeof ADDRESSING_STYLES)[number];

/** Where clients reach the gateway. */
export interface S3BucketEndpoint {
  readonly url: string;
  readonly region: string;
  readonly addressingStyle: S3BucketAddressingStyle;
}

/** The Secret for the app, where the Service Binding specification looks for it ("Provisioned Service"). */
export interface S3BucketBinding {
  readonly name: string;
}

/** One key of the bucket; never its secret. */
export interface S3BucketKey {
  readonly accessKeyId: string;
  readonly state: S3BucketKeyState;
  readonly createdAt?: string;
  /** When a retiring key stops working. */
  readonly retireAt?: string;
  /** When a client used it last, rounded down to the hour; absent: not that any gateway remembers. */
  readonly lastUsedTime?: string;
}

/** The key pair in the app's Secret, and the others that work or will. */
export interface S3BucketCredentialsStatus {
  readonly accessKeyId?: string;
  readonly createdAt?: string;
  readonly nextRotationTime?: string;
  /** The `rotationRequest` that was carried out last. */
  readonly observedRotationRequest?: string;
  readonly rotationPhase?: S3BucketRotationPhase;
  readonly keys?: readonly S3BucketKey[];
}

/** What the gateways have of this bucket. */
export interface S3BucketProgrammed {
  /** The first revision of the mappings document that carries this spec. */
  readonly revision?: number;
  /** The hash of that document's content. */
  readonly hash?: string;
  /** Gateways that have it and gateways that are ready: `3/3`. */
  readonly gateways?: string;
  readonly time?: string;
  /** Milliseconds from the change to the last acknowledgement. */
  readonly latencyMs?: number;
}

/** How much a bucket with a quota holds, as a gateway has measured it. */
export interface S3BucketUsage {
  /** As `formatSize` writes it: `1.2Gi`. */
  readonly size?: string;
  readonly objects?: number;
  /** When the gateway counted the objects last. */
  readonly observedAt?: string;
  /** Whether writes of since then are added to what was counted. */
  readonly approximate?: boolean;
}

/** What the operator reports. */
export interface S3BucketStatus {
  readonly observedGeneration?: number;
  /** The name that clients use. Never changes once set. */
  readonly bucketName?: string;
  readonly path?: string;
  readonly endpoint?: S3BucketEndpoint;
  readonly binding?: S3BucketBinding;
  readonly credentials?: S3BucketCredentialsStatus;
  readonly programmed?: S3BucketProgrammed;
  readonly usage?: S3BucketUsage;
  readonly conditions?: readonly Condition[];
}
