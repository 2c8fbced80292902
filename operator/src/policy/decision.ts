import type {
  ConditionReason,
  S3Bucket,
  S3BucketAccessMode,
  S3BucketAnonymousMode,
  S3BucketCorsRule,
  S3BucketCredentialsMode,
  S3BucketPathPolicy,
  S3BucketQuotaMode,
  S3BucketReclaimPolicy,
  S3BucketSecretFormat,
} from '@bucketway/contract';
import type { OverlapMode, Quota, Rotation } from './policy.js';

/** What the ledger knows of an S3Bucket already: see `ClaimLedger.standingOf`. */
export interface Standing {
  /** Whether it holds its claim. A limit that was lowered later takes nothing from it. */
  readonly incumbent: boolean;
  /** How many other S3Buckets of its namespace hold a claim. */
  readonly othersInNamespace: number;
  /** Where its data lies: what it holds, or what its predecessor of the same name left. */
  readonly path?: string;
}

/** What the tenancy policy is asked. */
export interface PolicyRequest {
  readonly namespace: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly bucket: S3Bucket;
  /** Absent: it holds nothing, and nobody else of its namespace does. */
  readonly standing?: Standing;
}

/** An S3Bucket as it is to be served: every default is filled in, by the schema's rules or the policy's. */
export interface EffectiveBucket {
  readonly bucketName: string;
  /** In the spelling of the policy's prefix as far as that goes, then as the S3Bucket spells it. */
  readonly path: string;
  readonly pathPolicy: S3BucketPathPolicy;
  readonly accessMode: S3BucketAccessMode;
  readonly anonymous: S3BucketAnonymousMode;
  readonly quota: EffectiveQuota;
  readonly reclaimPolicy: S3BucketReclaimPolicy;
  readonly cors: readonly S3BucketCorsRule[];
  readonly credentials: EffectiveCredentials;
  readonly suspend: boolean;
}

/** @see EffectiveBucket */
export interface EffectiveQuota extends Quota {
  readonly mode: S3BucketQuotaMode;
}

/** @see EffectiveBucket */
export interface EffectiveCredentials {
  readonly mode: S3BucketCredentialsMode;
  /** The Secret for the app. */
  readonly secretName: string;
  /** The Secret of the user, where the mode is `Existing`. */
  readonly existingSecretName?: string;
  readonly formats: readonly S3BucketSecretFormat[];
  readonly rotation: Rotation;
  readonly rotationRequest?: string;
}

/** The reasons for which the policy refuses. */
export type PolicyReason = Extract<
  ConditionReason,
  | 'InvalidSpec'
  | 'NamespaceNotAllowed'
  | 'NameNotAllowed'
  | 'NameReserved'
  | 'NoDefaultPath'
  | 'PathNotAllowed'
  | 'AccessModeNotAllowed'
  | 'AnonymousNotAllowed'
  | 'ReclaimDeleteNotAllowed'
  | 'ExistingSecretNotAllowed'
  | 'LimitExceeded'
>;

/** No, and what to change: a sentence for the condition's message. */
export interface PolicyRefusal {
  readonly accepted: false;
  readonly reason: PolicyReason;
  readonly message: string;
}

/** Yes, with the overlap that the ledger is to allow. */
export interface PolicyAcceptance extends EffectiveBucket {
  readonly accepted: true;
  readonly overlap: OverlapMode;
}

/** What the tenancy policy says to an S3Bucket. */
export type Decision = PolicyAcceptance | PolicyRefusal;
