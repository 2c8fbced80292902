import type { S3BucketCredentialsMode } from '@bucketway/contract';
import type { KeyPair, KeyWish } from './key-plan.js';

/** What one S3Bucket asks of its keys. */
export interface BucketKeyWish {
  /** Of the S3Bucket. */
  readonly name: string;
  readonly credentials: {
    readonly mode: S3BucketCredentialsMode;
    readonly rotation: { readonly intervalMs?: number; readonly overlapMs: number };
    readonly rotationRequest?: string;
  };
  /** The annotation `bucketway.dev/revoke`: key ids, separated by commas. */
  readonly revoke?: string;
}

/**
 * What S3Buckets that share a ring ask for together: the shortest interval, the longest overlap, every request. One that
 * brings a key of its own decides for all; without any that wants keys, there are none.
 *
 * @param existing the key of those that bring one, where it can be read
 */
export function mergeKeyWishes(wishes: readonly BucketKeyWish[], existing?: KeyPair): KeyWish {
  const withKeys = wishes.filter(({ credentials }) => credentials.mode !== 'None');
  const intervals = withKeys.map(({ credentials }) => credentials.rotation.intervalMs ?? Infinity);
  const intervalMs = Math.min(...intervals);
  const requests = withKeys.flatMap(({ name, credentials: { rotationRequest: request } }) =>
    request === undefined || request === '' ? [] : [[name, request] as const],
  );
  return {
    mode: modeOf(withKeys),
    ...(existing && { existing }),
    ...(intervalMs !== Infinity && { intervalMs }),
    overlapMs: Math.max(0, ...withKeys.map(({ credentials }) => credentials.rotation.overlapMs)),
    rotationRequests: new Map(requests),
    revoke: new Set(wishes.flatMap(({ revoke }) => revokedIds(revoke))),
  };
}

/** The key ids that an annotation `bucketway.dev/revoke` names. */
export function revokedIds(annotation: string | undefined): readonly string[] {
  return (annotation ?? '').split(/[\s,]+/).filter((id) => id !== '');
}

function modeOf(wishes: readonly BucketKeyWish[]): KeyWish['mode'] {
  if (wishes.length === 0) return 'None';
  return wishes.some(({ credentials }) => credentials.mode === 'Existing') ? 'Existing' : 'Managed';
}
