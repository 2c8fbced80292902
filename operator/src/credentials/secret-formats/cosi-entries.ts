import { firstBucket } from './secret-facts.js';
import type { SecretEntries, SecretFacts } from './secret-facts.js';

/** The names of the Container Object Storage Interface (objectstorage.k8s.io/v1alpha2, protocol S3). */
export function cosiEntries(facts: SecretFacts): SecretEntries {
  return {
    COSI_PROTOCOL: 'S3',
    COSI_S3_BUCKET_ID: firstBucket(facts),
    COSI_S3_ENDPOINT: facts.endpoint,
    COSI_S3_REGION: facts.region,
    COSI_S3_ADDRESSING_STYLE: facts.addressingStyle,
    COSI_S3_ACCESS_KEY_ID: facts.accessKeyId,
    COSI_S3_ACCESS_SECRET_KEY: facts.secretAccessKey,
    ...(facts.ca !== undefined && { COSI_CERTIFICATE_AUTHORITY: facts.ca }),
  };
}
