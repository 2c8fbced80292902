import type { CORS_METHODS } from './cors-rule-document.js';

/**
 * What must be at the path: nothing in particular, a folder, or no object when the S3Bucket is bound for the first time.
 */
export const PATH_POLICIES = ['CreateIfMissing', 'MustExist', 'MustBeEmpty'] as const;

/** @see PATH_POLICIES */
export type S3BucketPathPolicy = (typeof PATH_POLICIES)[number];

/** What the bucket's key may do. */
export const S3_BUCKET_ACCESS_MODES = ['ReadWrite', 'ReadOnly'] as const;

/** @see S3_BUCKET_ACCESS_MODES */
export type S3BucketAccessMode = (typeof S3_BUCKET_ACCESS_MODES)[number];

/** What anybody may do without a signature: nothing, read objects, list keys, both. */
export const S3_BUCKET_ANONYMOUS_MODES = ['None', 'Read', 'List', 'ReadList'] as const;

/** @see S3_BUCKET_ANONYMOUS_MODES */
export type S3BucketAnonymousMode = (typeof S3_BUCKET_ANONYMOUS_MODES)[number];

/** What becomes of the data when the S3Bucket is deleted. */
export const RECLAIM_POLICIES = ['Retain', 'Delete'] as const;

/** @see RECLAIM_POLICIES */
export type S3BucketReclaimPolicy = (typeof RECLAIM_POLICIES)[number];

/** Where the key pair comes from: the operator, a Secret of the user, or there is none. */
export const CREDENTIALS_MODES = ['Managed', 'Existing', 'None'] as const;

/** @see CREDENTIALS_MODES */
export type S3BucketCredentialsMode = (typeof CREDENTIALS_MODES)[number];

/** The sets of entries that the app's Secret can hold. */
export const SECRET_FORMATS = ['AWS', 'OBC', 'COSI', 'Files', 'ServiceBinding'] as const;

/** @see SECRET_FORMATS */
export type S3BucketSecretFormat = (typeof SECRET_FORMATS)[number];

/** What becomes of a write for which the quota has no room: refused, or only reported. */
export const S3_BUCKET_QUOTA_MODES = ['Enforce', 'Report'] as const;

/** @see S3_BUCKET_QUOTA_MODES */
export type S3BucketQuotaMode = (typeof S3_BUCKET_QUOTA_MODES)[number];

/** How much a bucket may hold. */
export interface S3BucketQuota {
  /** Bytes, with an optional suffix: `500Gi`. Read it with `parseSize`. */
  readonly maxSize?: string;
  readonly maxObjects?: number;
  readonly mode?: S3BucketQuotaMode;
}

/** A CORS rule in S3's terms (Amazon S3 API, CORSRule). */
export interface S3BucketCorsRule {
  readonly id?: string;
  readonly allowedOrigins: readonly string[];
  readonly allowedMethods: readonly (typeof CORS_METHODS)[number][];
  readonly allowedHeaders?: readonly string[];
  readonly exposeHeaders?: readonly string[];
  readonly maxAgeSeconds?: number;
}

/** A Secret in the namespace of the S3Bucket. */
export interface S3BucketSecretReference {
  readonly name: string;
}

/** When a managed key is replaced. Durations as `720h` or `1h30m`; read them with `parseDuration`. */
export interface S3BucketRotation {
  /** A key of this age is replaced; absent: only on request. */
  readonly interval?: string;
  /** How long the old key works beside the new one. */
  readonly overlap?: string;
}

/** The key pair of a bucket and the Secret that hands it to the app. */
export interface S3BucketCredentials {
  readonly mode?: S3BucketCredentialsMode;
  /** Absent: see `defaultSecretName`. S3Buckets of one namespace that name the same Secret share a key pair. */
  readonly secretName?: string;
  readonly existingSecretRef?: S3BucketSecretReference;
  readonly formats?: readonly S3BucketSecretFormat[];
  readonly rotation?: S3BucketRotation;
  /** Any text; another one than before rotates the key now. */
  readonly rotationRequest?: string;
}

/** What a user asks for. Everything is optional; the API server fills in what has a fixed default. */
export interface S3BucketSpec {
  /** Absent: the name of the S3Bucket. */
  readonly bucketName?: string;
  /** A path in the tree of storages. Absent: the tenancy policy's. */
  readonly path?: string;
  readonly pathPolicy?: S3BucketPathPolicy;
  readonly accessMode?: S3BucketAccessMode;
  readonly anonymous?: S3BucketAnonymousMode;
  readonly quota?: S3BucketQuota;
  readonly reclaimPolicy?: S3BucketReclaimPolicy;
  readonly cors?: readonly S3BucketCorsRule[];
  readonly credentials?: S3BucketCredentials;
  /** Let changes of the spec wait; what is served stays served. Revoked keys end all the same, as does what the policy takes back. */
  readonly suspend?: boolean;
}
