import type { MappedBucket, S3Bucket } from '@bucketway/contract';
import { isTrialMapping } from './to-mapped-bucket.js';

/**
 * How far an S3Bucket has come to its path: `bound`, what is there is its own; `opening`, the path was found empty and clients
 * are let in; `trial`, nobody but the operator looks, because there may be objects of somebody else.
 */
export type PathBinding = 'bound' | 'opening' | 'trial';

/**
 * Only `pathPolicy: MustBeEmpty` asks for a trial, and only the first time. That the trial was passed is where a restart finds it:
 * first in the mapping that is stored, then in the status, which outlives a lost document.
 *
 * @param stored the mapping of the bucket name
 * @param foundEmpty whether a look has found the path empty since this process began
 */
export function pathBinding(
  bucket: Pick<S3Bucket, 'metadata' | 'spec' | 'status'>,
  stored: MappedBucket | undefined,
  foundEmpty: boolean,
): PathBinding {
  if (!isUnbound(bucket)) return 'bound';
  const { namespace, name } = bucket.metadata;
  const isServed = stored?.owner?.namespace === namespace && stored.owner.name === name && !isTrialMapping(stored);
  return isServed || foundEmpty ? 'opening' : 'trial';
}

/** Whether an S3Bucket was never told that its path is its own. */
export function isUnbound({ spec, status }: Pick<S3Bucket, 'spec' | 'status'>): boolean {
  return spec.pathPolicy === 'MustBeEmpty' && status?.bucketName === undefined;
}
