import type { MappedBucket } from '@bucketway/contract';
import type { LeftOut } from './configuration-status.js';
import type { Configuration } from './configuration.js';

/** What of a document comes into force, and what does not. */
export interface Applied {
  readonly applied: readonly MappedBucket[];
  readonly leftOut: readonly LeftOut[];
}

/**
 * Leaves out of a document what the configuration file has otherwise: a bucket of a name that it maps, and a grant to a key
 * that it gives another secret. Alone, since the document holds the buckets and the revocations of others too.
 *
 * @param secrets of the keys that the document names, but for those that only the configuration has
 */
export function leaveOut(
  content: readonly MappedBucket[],
  secrets: ReadonlyMap<string, string>,
  { identities, buckets }: Pick<Configuration, 'identities' | 'buckets'>,
): Applied {
  const applied: MappedBucket[] = [];
  const leftOut: LeftOut[] = [];
  const isOther = (accessKeyId: string): boolean => {
    const secret = secrets.get(accessKeyId);
    const fixed = identities.get(accessKeyId);
    return secret !== undefined && fixed !== undefined && fixed.secretAccessKey !== secret;
  };
  for (const bucket of content) {
    const { name, grants } = bucket;
    if (buckets.has(name)) {
      leftOut.push({ bucket: name, reason: `the bucket ${name} is one of the configuration file` });
      continue;
    }
    const others = grants.filter(({ accessKeyId }) => isOther(accessKeyId));
    for (const { accessKeyId } of others) {
      const reason = `the key ${accessKeyId} of the bucket ${name} is one of the configuration file, with another secret`;
      leftOut.push({ bucket: name, accessKeyId, reason });
    }
    const plain: Pick<MappedBucket, keyof MappedBucket> = bucket;
    const left = grants.filter((grant) => !others.includes(grant));
    applied.push(others.length === 0 ? bucket : { ...plain, grants: left });
  }
  return { applied, leftOut };
}
