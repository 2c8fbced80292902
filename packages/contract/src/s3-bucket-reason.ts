import type { ConditionType } from './s3-bucket-condition-type.js';

/** Where a reason may stand and what it says. */
export interface ReasonDescription {
  /** The conditions that carry it. `Ready`, `Reconciling` and `Stalled` copy the first failing one's: not repeated here. */
  readonly types: readonly ConditionType[];
  readonly says: string;
}

/**
 * Every reason that a condition of an S3Bucket can have. Closed: docs/troubleshooting-kubernetes.md has an entry for
 * each, and the operator can write no other.
 */
export const CONDITION_REASONS = {
  Accepted: { types: ['Accepted'], says: 'The S3Bucket is permitted and holds its name and path.' },
  InvalidSpec: { types: ['Accepted'], says: 'The spec is not legal in a way that the API server could not see.' },
  NamespaceNotAllowed: { types: ['Accepted'], says: 'No rule of the tenancy policy names the namespace.' },
  NameNotAllowed: { types: ['Accepted'], says: 'The tenancy policy permits other bucket names in this namespace.' },
  NoDefaultPath: { types: ['Accepted'], says: 'The spec has no path and the tenancy policy gives none.' },
  PathNotAllowed: { types: ['Accepted'], says: 'The path lies outside what the tenancy policy gives the namespace.' },
  AccessModeNotAllowed: { types: ['Accepted'], says: 'The tenancy policy permits another access mode on this path.' },
  AnonymousNotAllowed: { types: ['Accepted'], says: 'The tenancy policy does not permit this anonymous access.' },
  ReclaimDeleteNotAllowed: {
    types: ['Accepted'],
    says: 'The tenancy policy does not permit deleting data.',
  },
  ExistingSecretNotAllowed: { types: ['Accepted'], says: 'The tenancy policy does not permit keys that users bring.' },
  LimitExceeded: { types: ['Accepted'], says: 'A limit of the tenancy policy is reached.' },
  NameTaken: { types: ['Accepted'], says: 'Another S3Bucket holds the bucket name.' },
  NameReserved: { types: ['Accepted'], says: 'The configuration of the gateways has a bucket of that name.' },
  PathTaken: { types: ['Accepted'], says: 'Another S3Bucket holds the path, or left data there.' },
  PathOverlap: { types: ['Accepted'], says: 'The path lies above or below one that another S3Bucket holds.' },
  RetainedPathsUnusable: {
    types: ['Accepted', 'DeletionBlocked'],
    says: 'The list of where deleted S3Buckets left data is full or broken.',
  },
  NotAccepted: {
    types: ['CredentialsReady', 'Programmed', 'BackendReachable'],
    says: 'Nothing is done before the S3Bucket is accepted.',
  },
  CredentialsIssued: { types: ['CredentialsReady'], says: 'The Secret holds a key that every gateway knows.' },
  ExistingSecretUsed: { types: ['CredentialsReady'], says: 'Every gateway knows the key of the Secret of the user.' },
  CredentialsNotRequested: { types: ['CredentialsReady'], says: 'The spec asks for no credentials.' },
  SecretConflict: {
    types: ['CredentialsReady'],
    says: 'A Secret or ConfigMap of that name exists that the operator did not make.',
  },
  ExistingSecretNotFound: { types: ['CredentialsReady'], says: 'The Secret of the user is not there.' },
  ExistingSecretInvalid: { types: ['CredentialsReady'], says: 'The Secret of the user holds no usable key pair.' },
  AccessKeyTaken: { types: ['CredentialsReady'], says: 'The access key id of the user belongs to somebody else.' },
  SecretWriteFailed: { types: ['CredentialsReady'], says: 'The API server refused to store the Secret or ConfigMap.' },
  Programmed: { types: ['Programmed'], says: 'Every ready gateway serves the current spec.' },
  WaitingForGateways: {
    types: ['CredentialsReady', 'Programmed', 'RotationInProgress', 'DeletionBlocked'],
    says: 'Some ready gateways have not acknowledged the newest revision yet.',
  },
  GatewayRejected: { types: ['Programmed'], says: 'A gateway refused the newest revision and keeps the one before.' },
  NoGateways: { types: ['Programmed'], says: 'No gateway is ready.' },
  PublishFailed: { types: ['Programmed'], says: 'The API server refused to store the documents for the gateways.' },
  PathReachable: { types: ['BackendReachable'], says: 'A signed request to the bucket succeeded.' },
  NotProbed: { types: ['BackendReachable', 'CredentialsReady'], says: 'The path was not tried yet.' },
  PathMissing: { types: ['BackendReachable'], says: 'There is no folder at the path.' },
  PathNotEmpty: {
    types: ['BackendReachable', 'CredentialsReady'],
    says: 'There are objects at the path, and it must be empty.',
  },
  BackendTimeout: { types: ['BackendReachable'], says: 'The storage did not answer in time.' },
  BackendUnavailable: { types: ['BackendReachable', 'DeletionBlocked'], says: 'The storage answers with errors.' },
  Ready: { types: ['Ready'], says: 'A client can use the bucket now.' },
  Progressing: {
    types: ['Ready', 'Reconciling', 'Stalled'],
    says: 'The operator is working towards the current spec.',
  },
  Suspended: { types: ['Reconciling'], says: 'The spec asks that its changes wait: what was served stays served.' },
  Settled: { types: ['Reconciling', 'Stalled'], says: 'Nothing is left to do.' },
  Deleting: { types: ['Ready', 'Reconciling'], says: 'The S3Bucket is being deleted.' },
  KeyIssued: { types: ['RotationInProgress'], says: 'A new key is made and not in the Secret of the app yet.' },
  OverlapRunning: { types: ['RotationInProgress'], says: 'The app has the new key and the old one still works.' },
  KeyRetiring: { types: ['RotationInProgress'], says: 'The old key is being withdrawn from the gateways.' },
  KeyRevoked: { types: ['RotationInProgress'], says: 'A key was revoked on request and is being replaced.' },
  NotRotating: { types: ['RotationInProgress'], says: 'One key works and none is being replaced.' },
  QuotaUsedUp: { types: ['QuotaExceeded'], says: 'Gateways refuse writes that make the bucket larger.' },
  QuotaPassed: { types: ['QuotaExceeded'], says: 'The bucket holds its quota or more, and nothing is refused.' },
  WithinQuota: { types: ['QuotaExceeded'], says: 'The bucket has room again, or has no quota any more.' },
  BucketNotEmpty: { types: ['DeletionBlocked'], says: 'The data is to be deleted and the bucket still holds objects.' },
  MassDeletionHeld: { types: ['DeletionBlocked'], says: 'Many S3Buckets vanished at once; the removal is held back.' },
  Released: { types: ['DeletionBlocked'], says: 'Nothing holds the deletion back.' },
} as const satisfies Record<string, ReasonDescription>;

/** @see CONDITION_REASONS */
export type ConditionReason = keyof typeof CONDITION_REASONS;
