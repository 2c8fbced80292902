import type {
  AccessMode,
  AnonymousMode,
  MappedBucket,
  S3BucketAccessMode,
  S3BucketAnonymousMode,
} from '@bucketway/contract';
import type { ClaimOwner } from '../claims/claim.js';
import type { EffectiveBucket } from '../policy/decision.js';

const ACCESS_MODES: Readonly<Record<S3BucketAccessMode, AccessMode>> = {
  ReadWrite: 'read-write',
  ReadOnly: 'read-only',
};

const ANONYMOUS_MODES: Readonly<Record<S3BucketAnonymousMode, AnonymousMode>> = {
  None: 'none',
  Read: 'read',
  List: 'list',
  ReadList: 'read-list',
};

/** The mapping that gateways serve for an accepted S3Bucket. @param keyIds the keys that may use it */
export function toMappedBucket(
  { bucketName, path, accessMode, anonymous, quota, cors }: EffectiveBucket,
  { namespace, name, uid }: ClaimOwner,
  keyIds: readonly string[],
): MappedBucket {
  const limits = {
    ...(quota.maxBytes !== undefined && { maxBytes: quota.maxBytes }),
    ...(quota.maxObjects !== undefined && { maxObjects: quota.maxObjects }),
  };
  return {
    name: bucketName,
    path,
    owner: { namespace, name, uid },
    grants: keyIds.map((accessKeyId) => ({ accessKeyId, mode: ACCESS_MODES[accessMode] })),
    anonymous: ANONYMOUS_MODES[anonymous],
    ...(Object.keys(limits).length > 0 && { quota: limits }),
    ...(cors.length > 0 && { cors: cors.map((rule) => ({ ...rule, allowedHeaders: rule.allowedHeaders ?? [] })) }),
  };
}

/** What the key of a mapping may do, in the terms of an S3Bucket. */
export function accessModeOf({ grants }: Pick<MappedBucket, 'grants'>): S3BucketAccessMode {
  return grants.some(({ mode }) => mode === 'read-write') ? 'ReadWrite' : 'ReadOnly';
}
