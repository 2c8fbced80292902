/** Every condition type of an S3Bucket, in the order in which they are decided, with what `True` says. */
export const CONDITION_TYPES = {
  Accepted: 'The spec is legal, the tenancy policy permits it, and this S3Bucket holds its bucket name and its path.',
  CredentialsReady: 'The app can read a Secret whose key every gateway knows, or no Secret was asked for.',
  Programmed: 'Every ready gateway serves the current spec.',
  BackendReachable: 'The gateways can open the path.',
  Ready: 'All four above hold: a client can use the bucket now.',
  Reconciling: 'The operator is working towards the current spec (kstatus).',
  Stalled: 'Nothing will change without somebody changing something (kstatus).',
  RotationInProgress: 'A key is being replaced; the old one and the new one may both work.',
  QuotaExceeded: 'The bucket holds as much as its quota permits, or a write was refused for it.',
  DeletionBlocked: 'The S3Bucket is deleted and cannot be released yet.',
} as const;

/** @see CONDITION_TYPES */
export type ConditionType = keyof typeof CONDITION_TYPES;
