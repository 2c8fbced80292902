import { firstBucket } from './secret-facts.js';
import type { SecretEntries, SecretFacts } from './secret-facts.js';

/**
 * The names that AWS SDKs and the AWS CLI read from the environment, so that `envFrom` is all that an app needs.
 * `AWS_ENDPOINT_URL` stands beside `AWS_ENDPOINT_URL_S3` for libraries that know only the older name: the key opens no
 * other service anyway.
 */
export function awsEntries(facts: SecretFacts): SecretEntries {
  const { accessKeyId, secretAccessKey, region, endpoint, bucketNames } = facts;
  return {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ENDPOINT_URL: endpoint,
    AWS_ENDPOINT_URL_S3: endpoint,
    BUCKET_NAME: firstBucket(facts),
    ...(bucketNames.length > 1 && { BUCKET_NAMES: bucketNames.join(',') }),
  };
}
