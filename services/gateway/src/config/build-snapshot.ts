import { permissionsOf } from '@bucketway/contract';
import type { MappedBucket } from '@bucketway/contract';
import type { Identity } from '../auth/identity.js';
import type { Configuration } from './configuration.js';
import type { DocumentState } from './document-state.js';
import type { BucketMapping, Snapshot } from './snapshot.js';
import { toBucketQuota } from './to-bucket-quota.js';
import { toCorsRules } from './to-cors-rules.js';

/** Makes one snapshot of what the configuration file fixes and what the documents in force add. */
export function buildSnapshot(configuration: Configuration, documents: DocumentState, generation: number): Snapshot {
  const identities = new Map<string, Identity>();
  const buckets = new Map(configuration.buckets);
  for (const { applied, secrets } of documents.mappings.values()) {
    for (const bucket of applied) buckets.set(bucket.name, toBucketMapping(bucket));
    for (const [accessKeyId, secretAccessKey] of secrets) {
      identities.set(accessKeyId, { name: accessKeyId, accessKeyId, secretAccessKey });
    }
  }
  for (const [accessKeyId, identity] of configuration.identities) identities.set(accessKeyId, identity);
  const { region, domains, signatureVersions, storages, bucketRoot } = configuration;
  return {
    generation,
    region,
    domains,
    signatureVersions,
    storages,
    identities,
    buckets,
    ...(bucketRoot && { bucketRoot }),
  };
}

function toBucketMapping({ name, path, grants, anonymous = 'none', quota, cors }: MappedBucket): BucketMapping {
  return {
    name,
    path,
    grants: grants.map(({ accessKeyId, mode, prefix = '' }) => ({
      accessKeyId,
      permissions: new Set(permissionsOf(mode)),
      prefix,
    })),
    anonymous,
    ...(quota && { quota: toBucketQuota(quota) }),
    ...(cors && { cors: toCorsRules(cors) }),
  };
}
