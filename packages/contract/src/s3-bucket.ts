import type { S3_BUCKET_API_VERSION, S3_BUCKET_KIND } from './s3-bucket-names.js';
import type { S3BucketSpec } from './s3-bucket-spec.js';
import type { S3BucketStatus } from './s3-bucket-status.js';

/** What the operator reads of an object's metadata, as JSON has it: times are RFC 3339 text. */
export interface S3BucketMetadata {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion?: string;
  /** Counts changes of the spec. */
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
}

/** A bucket that a namespace asks for: `s3buckets.bucketway.dev`, as the API server gives it, defaults filled in. */
export interface S3Bucket {
  readonly apiVersion: typeof S3_BUCKET_API_VERSION;
  readonly kind: typeof S3_BUCKET_KIND;
  readonly metadata: S3BucketMetadata;
  readonly spec: S3BucketSpec;
  readonly status?: S3BucketStatus;
}
