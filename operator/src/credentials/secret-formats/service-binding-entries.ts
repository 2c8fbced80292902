import { firstBucket } from './secret-facts.js';
import type { SecretEntries, SecretFacts } from './secret-facts.js';

/** The type of a Secret with these entries (Service Binding specification 1.0, "Well-known Secret Entries"). */
export const SERVICE_BINDING_TYPE = 'servicebinding.io/s3';

/** One file an entry, as workloads find them below `$SERVICE_BINDING_ROOT`. */
export function serviceBindingEntries(facts: SecretFacts): SecretEntries {
  return {
    type: 's3',
    provider: 'bucketway',
    endpoint: facts.endpoint,
    region: facts.region,
    bucket: firstBucket(facts),
    'access-key-id': facts.accessKeyId,
    'secret-access-key': facts.secretAccessKey,
    ...(facts.ca !== undefined && { certificates: facts.ca }),
  };
}
