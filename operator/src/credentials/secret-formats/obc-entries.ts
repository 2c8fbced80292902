import { firstBucket } from './secret-facts.js';
import type { SecretEntries, SecretFacts } from './secret-facts.js';

/** What the ConfigMap of an ObjectBucketClaim says: where the bucket is. */
export function obcConfigEntries(facts: SecretFacts): SecretEntries {
  const { protocol, hostname, port } = new URL(facts.endpoint);
  const tls = protocol === 'https:';
  return {
    BUCKET_NAME: firstBucket(facts),
    BUCKET_HOST: hostname,
    BUCKET_PORT: port === '' ? (tls ? '443' : '80') : port,
    BUCKET_REGION: facts.region,
    BUCKET_SUBREGION: '',
    BUCKET_SSL: String(tls),
  };
}

/** What its Secret says, and the same again, so that the Secret alone is enough. */
export function obcEntries(facts: SecretFacts): SecretEntries {
  return {
    AWS_ACCESS_KEY_ID: facts.accessKeyId,
    AWS_SECRET_ACCESS_KEY: facts.secretAccessKey,
    ...obcConfigEntries(facts),
  };
}
