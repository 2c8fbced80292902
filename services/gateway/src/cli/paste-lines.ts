import { readdirSync } from 'node:fs';
import { isBucketName } from '@bucketway/contract';
import type { ListenAddress } from '../config/configuration.js';
import { formatListenAddress } from '../config/listen-address.js';
import type { DirectoryConfiguration } from './directory-configuration.js';

/** Prints what to paste into a shell to use a served folder. Secrets that somebody else keeps are not repeated. */
export function printPasteLines(directory: string, served: DirectoryConfiguration, address: ListenAddress): void {
  process.stdout.write(pasteLines(directory, served, address));
}

/** @see printPasteLines */
export function pasteLines(directory: string, served: DirectoryConfiguration, address: ListenAddress): string {
  const { keys, keySource, configuration } = served;
  const found = served.bucket ?? firstBucket(directory);
  const bucket = found ?? 'my-bucket';
  const secret = {
    file: keys.secretAccessKey,
    environment: '"$BUCKETWAY_SECRET_ACCESS_KEY"',
    flags: '…    # as given with --secret-key',
  }[keySource];
  return `
Serving ${directory} over S3. Paste this into another terminal:

  export AWS_ENDPOINT_URL=http://${formatListenAddress(reachable(address))}
  export AWS_ACCESS_KEY_ID=${keys.accessKeyId}
  export AWS_SECRET_ACCESS_KEY=${secret}
  export AWS_REGION=${configuration.region}

${found === undefined ? `  aws s3 mb s3://${bucket}\n` : ''}  echo hello | aws s3 cp - s3://${bucket}/hello.txt
  aws s3 ls s3://${bucket}/

`;
}

/** An address that listens everywhere is reached here by the loopback. */
function reachable({ host, port }: ListenAddress): ListenAddress {
  if (host === '0.0.0.0' || host === '::') return { host: '127.0.0.1', port };
  return { host, port };
}

function firstBucket(directory: string): string | undefined {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && isBucketName(entry.name))
    .map(({ name }) => name)
    .toSorted()[0];
}
