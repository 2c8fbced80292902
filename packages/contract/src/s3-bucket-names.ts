/** The API group of {@link S3_BUCKET_KIND}, and the prefix of every label, annotation and finalizer of the operator. */
export const S3_BUCKET_GROUP = 'bucketway.dev';

/** The version that is served and stored. */
export const S3_BUCKET_VERSION = 'v1alpha1';

/** `apiVersion` of an S3Bucket. */
export const S3_BUCKET_API_VERSION = `${S3_BUCKET_GROUP}/${S3_BUCKET_VERSION}` as const;

/** `kind` of an S3Bucket. */
export const S3_BUCKET_KIND = 'S3Bucket';

/** What an S3Bucket is called in paths of the Kubernetes API. */
export const S3_BUCKET_PLURAL = 's3buckets';

/** Held until the mapping of an S3Bucket is taken back. */
export const S3_BUCKET_FINALIZER = `${S3_BUCKET_GROUP}/mapping`;

/** On an S3Bucket: its value is an access key id that must stop working at once, without overlap. */
export const REVOKE_ANNOTATION = `${S3_BUCKET_GROUP}/revoke`;

/** On an S3Bucket that is deleted with many others: `true` says that this is meant, and that nothing is to be held. */
export const ALLOW_MASS_DELETION_ANNOTATION = `${S3_BUCKET_GROUP}/allow-mass-deletion`;

/** On whatever the operator writes; it touches no Secret and no ConfigMap without it. */
export const MANAGED_LABEL = `${S3_BUCKET_GROUP}/managed`;

/** What `credentials.secretName` is where nobody set it. */
export function defaultSecretName(bucketResourceName: string): string {
  return `${bucketResourceName}-s3`;
}
