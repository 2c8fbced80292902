import type { S3Bucket } from '@bucketway/contract';
import type { KeyRecord } from '../../credentials/key-ring-entry.js';
import type { PolicyAcceptance } from '../../policy/decision.js';
import { holds } from '../verdict.js';
import type { Verdict } from '../verdict.js';

/**
 * What the status says of a request that succeeded, where another one would try the same again: the spec, the name, the
 * path and the key are those of then. A new leader must not send a request for each of ten thousand S3Buckets to learn
 * what is known; that a storage went away meanwhile, the gateways tell.
 */
export function knownReachable(
  { metadata, status }: S3Bucket,
  { bucketName, path }: PolicyAcceptance,
  pair: KeyRecord | undefined,
): Verdict | undefined {
  const condition = status?.conditions?.find(({ type }) => type === 'BackendReachable');
  if (condition?.status !== 'True' || condition.observedGeneration !== metadata.generation) return undefined;
  const isSame =
    status?.bucketName === bucketName && status.path === path && status.credentials?.accessKeyId === pair?.accessKeyId;
  return isSame && condition.reason === 'PathReachable' ? holds('PathReachable', condition.message) : undefined;
}
