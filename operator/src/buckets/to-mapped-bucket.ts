import type {
  AccessMode,
  AnonymousMode,
  MappedBucket,
  S3BucketAccessMode,
  S3BucketAnonymousMode,
  S3BucketCorsRule,
} from '@bucketway/contract';
import type { ClaimOwner } from '../claims/claim.js';
import type { EffectiveBucket, EffectiveQuota } from '../policy/decision.js';

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

const ANONYMOUS_NAMES: Readonly<Record<AnonymousMode, S3BucketAnonymousMode>> = {
  none: 'None',
  read: 'Read',
  list: 'List',
  'read-list': 'ReadList',
};

/** What gateways are told of an accepted S3Bucket beside its keys. */
export type ServedBucket = Pick<EffectiveBucket, 'bucketName' | 'path' | 'accessMode' | 'anonymous' | 'quota' | 'cors'>;

/** What the key may do while the operator looks whether the path is empty. */
const TRIAL_MODE: AccessMode = 'list-only';

/** The mapping that gateways serve for an accepted S3Bucket. @param keyIds the keys that may use it */
export function toMappedBucket(
  { bucketName, path, accessMode, anonymous, quota, cors }: ServedBucket,
  { namespace, name, uid }: ClaimOwner,
  keyIds: readonly string[],
): MappedBucket {
  return {
    name: bucketName,
    path,
    owner: { namespace, name, uid },
    grants: keyIds.map((accessKeyId) => ({ accessKeyId, mode: ACCESS_MODES[accessMode] })),
    anonymous: ANONYMOUS_MODES[anonymous],
    ...(hasQuota(quota) && { quota: toMappedQuota(quota) }),
    ...(cors.length > 0 && { cors: cors.map((rule) => ({ ...rule, allowedHeaders: rule.allowedHeaders ?? [] })) }),
  };
}

/** Whether gateways are told of a quota: there is a limit, or the usage is asked for without one. */
export function hasQuota({ maxBytes, maxObjects, mode }: EffectiveQuota): boolean {
  return maxBytes !== undefined || maxObjects !== undefined || mode === 'Report';
}

/** The same for nobody but the operator, which looks whether the path is empty: the key may list, and nothing else. */
export function toTrialMapping({ name, path, owner, grants }: MappedBucket): MappedBucket {
  return {
    name,
    path,
    ...(owner && { owner }),
    grants: grants.map(({ accessKeyId }) => ({ accessKeyId, mode: TRIAL_MODE })),
    anonymous: 'none',
  };
}

/** Whether a mapping is one that {@link toTrialMapping} made. */
export function isTrialMapping({ grants }: Pick<MappedBucket, 'grants'>): boolean {
  return grants.every(({ mode }) => mode === TRIAL_MODE);
}

// What is enforced is not said: gateways of before take no mode.
function toMappedQuota({ maxBytes, maxObjects, mode }: EffectiveQuota): NonNullable<MappedBucket['quota']> {
  return {
    ...(maxBytes !== undefined && { maxBytes }),
    ...(maxObjects !== undefined && { maxObjects }),
    ...(mode === 'Report' && { mode: 'report' as const }),
  };
}

/** What the key of a mapping may do, in the terms of an S3Bucket. */
export function accessModeOf({ grants }: Pick<MappedBucket, 'grants'>): S3BucketAccessMode {
  return grants.some(({ mode }) => mode === 'read-write') ? 'ReadWrite' : 'ReadOnly';
}

/** What {@link toMappedBucket} made a mapping of, as far as the mapping tells. */
export function servedAs(mapping: MappedBucket): Omit<ServedBucket, 'accessMode'> {
  const { name: bucketName, path, anonymous = 'none', quota, cors = [] } = mapping;
  const { maxBytes, maxObjects, mode } = quota ?? {};
  return {
    bucketName,
    path,
    anonymous: ANONYMOUS_NAMES[anonymous],
    quota: {
      ...(maxBytes !== undefined && { maxBytes }),
      ...(maxObjects !== undefined && { maxObjects }),
      mode: mode === 'report' ? 'Report' : 'Enforce',
    },
    // Only rules of an S3Bucket get there.
    cors: cors as readonly S3BucketCorsRule[],
  };
}
