import type { S3Bucket } from '@bucketway/contract';
import type { Resource } from '../kube/resource.js';

/** `s3buckets.bucketway.dev`. */
export const S3_BUCKETS: Resource<S3Bucket> = {
  group: 'bucketway.dev',
  version: 'v1alpha1',
  plural: 's3buckets',
  kind: 'S3Bucket',
  namespaced: true,
};
