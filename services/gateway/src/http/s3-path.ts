import type { BucketName } from './bucket-name.js';
import type { ObjectKey } from './object-key.js';

/** What a request is about: the service, a bucket, or an object. Parsed once from the target and the host. */
export type S3Path =
  | { readonly kind: 'root' }
  | { readonly kind: 'bucket'; readonly bucket: BucketName }
  | { readonly kind: 'object'; readonly bucket: BucketName; readonly key: ObjectKey };

/** The kinds of {@link S3Path}; an operation is bound to one. */
export type S3PathKind = S3Path['kind'];
