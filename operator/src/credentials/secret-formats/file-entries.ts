import type { SecretEntries, SecretFacts } from './secret-facts.js';

/**
 * Files to mount: `credentials` and `config` for AWS SDKs (`AWS_SHARED_CREDENTIALS_FILE`, `AWS_CONFIG_FILE`),
 * `rclone.conf` with the remote `bucketway` (`RCLONE_CONFIG`), and `ca.crt`.
 */
export function fileEntries(facts: SecretFacts): SecretEntries {
  const { accessKeyId, secretAccessKey, region, endpoint, addressingStyle, ca } = facts;
  return {
    credentials: ini('default', [
      ['aws_access_key_id', accessKeyId],
      ['aws_secret_access_key', secretAccessKey],
    ]),
    // An empty value with indented lines below is how the format nests.
    config: ini('default', [
      ['region', region],
      ['endpoint_url', endpoint],
      ['s3', `\n  addressing_style = ${addressingStyle}`],
    ]),
    'rclone.conf': ini('bucketway', [
      ['type', 's3'],
      ['provider', 'Other'],
      ['env_auth', 'false'],
      ['access_key_id', accessKeyId],
      ['secret_access_key', secretAccessKey],
      ['region', region],
      ['endpoint', endpoint],
      ['force_path_style', String(addressingStyle === 'path')],
    ]),
    ...(ca !== undefined && { 'ca.crt': ca }),
  };
}

function ini(section: string, settings: readonly (readonly [name: string, value: string])[]): string {
  return [`[${section}]`, ...settings.map(([name, value]) => `${name} = ${value}`.replace(/ +\n/, '\n')), ''].join(
    '\n',
  );
}
