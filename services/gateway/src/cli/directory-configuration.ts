import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import {
  ACCESS_KEY_ID_RULE,
  BUCKET_NAME_RULE,
  isAccessKeyId,
  isBucketName,
  isSecretAccessKey,
  SECRET_ACCESS_KEY_RULE,
} from '@bucketway/contract';
import { MAX_WORKERS } from '../config/configuration-file.js';
import type { Configuration } from '../config/configuration.js';
import type { BucketMapping, Durability } from '../config/snapshot.js';
import { keptKeyPair } from './key-file.js';
import type { KeyPair } from './key-file.js';
import type { FlagTable } from './parse-flags.js';
import { UsageError } from './usage-error.js';

/** The flags of `bucketway serve DIR`. */
export const DIRECTORY_FLAGS = {
  bucket: 'string',
  port: 'string',
  host: 'string',
  'admin-port': 'string',
  'access-key': 'string',
  'secret-key': 'string',
  region: 'string',
  'signature-versions': 'string',
  workers: 'string',
  durability: 'string',
  'access-log': 'string',
} as const satisfies FlagTable;

/** Where the keys of a served folder are from. */
export type KeySource = 'flags' | 'environment' | 'file';

/** What `bucketway serve DIR` runs with. */
export interface DirectoryConfiguration {
  readonly configuration: Configuration;
  readonly keys: KeyPair;
  readonly keySource: KeySource;
  /** The one bucket, where DIR itself is it. */
  readonly bucket: string | undefined;
}

/** More processes than this only cost memory on the machine of somebody who serves a folder. */
const MOST_AUTOMATIC_WORKERS = 4;

type Flags = ReadonlyMap<string, string>;

/**
 * Makes the configuration of `bucketway serve DIR` from its flags.
 *
 * @throws UsageError
 */
export function directoryConfiguration(
  directory: string,
  flags: Flags,
  environment: NodeJS.ProcessEnv,
): DirectoryConfiguration {
  const root = resolve(directory);
  requireDirectory(root, directory);
  const host = flags.get('host') ?? '127.0.0.1';
  const adminPort = flags.get('admin-port');
  const accessLog = flags.get('access-log') ?? 'off';
  const bucket = flags.get('bucket');
  if (bucket !== undefined && !isBucketName(bucket)) throw refuse('bucket', BUCKET_NAME_RULE);
  // Everything that can be refused comes before keys are made.
  const settings = {
    listen: { host, port: port('port', flags.get('port') ?? '9000') },
    admin: adminPort === undefined ? undefined : { host, port: port('admin-port', adminPort) },
    workers: workers(flags.get('workers') ?? 'auto'),
    tls: undefined,
    accessLog:
      accessLog === 'off' || accessLog === 'stdout'
        ? { to: accessLog }
        : ({ to: 'file', path: resolve(accessLog) } as const),
    shutdownGraceSeconds: 25,
    usageIntervalSeconds: 300,
    region: region(flags.get('region') ?? 'us-east-1'),
    domains: [],
    signatureVersions: signatureVersions(flags.get('signature-versions') ?? 'v4'),
    storages: [
      { mount: '/', local: { root, durability: durability(flags.get('durability') ?? 'none'), metadata: 'auto' } },
    ],
    documents: [],
    files: [],
  } as const satisfies Partial<Configuration>;
  const { keys, keySource } = findKeys(root, flags, environment);
  const { accessKeyId } = keys;
  return {
    configuration: {
      ...settings,
      identities: new Map([[accessKeyId, { name: 'main', ...keys }]]),
      buckets: new Map(bucket === undefined ? [] : [[bucket, oneBucket(bucket, accessKeyId)]]),
      bucketRoot: bucket === undefined ? { path: '/', create: new Set([accessKeyId]) } : undefined,
    },
    keys,
    keySource,
    bucket,
  };
}

function oneBucket(name: string, accessKeyId: string): BucketMapping {
  const permissions = new Set(['read', 'write', 'list', 'admin'] as const);
  return { name, path: '/', grants: [{ accessKeyId, permissions, prefix: '' }], anonymous: 'none' };
}

function requireDirectory(root: string, directory: string): void {
  const stat = statSync(root, { throwIfNoEntry: false });
  if (stat === undefined)
    throw new UsageError(`${directory} does not exist; make it: mkdir -p ${directory}`, 'bucketway serve');
  if (!stat.isDirectory()) throw new UsageError(`${directory} is not a folder`, 'bucketway serve');
}

function findKeys(root: string, flags: Flags, environment: NodeJS.ProcessEnv): { keys: KeyPair; keySource: KeySource } {
  const fromFlags = pair(flags.get('access-key'), flags.get('secret-key'), '--access-key', '--secret-key');
  if (fromFlags !== undefined) return { keys: fromFlags, keySource: 'flags' };
  const { BUCKETWAY_ACCESS_KEY_ID: id, BUCKETWAY_SECRET_ACCESS_KEY: secret } = environment;
  const fromEnvironment = pair(id, secret, 'BUCKETWAY_ACCESS_KEY_ID', 'BUCKETWAY_SECRET_ACCESS_KEY');
  if (fromEnvironment !== undefined) return { keys: fromEnvironment, keySource: 'environment' };
  return { keys: keptKeyPair(join(root, '.bucketway', 'credentials.json')), keySource: 'file' };
}

function pair(
  accessKeyId: string | undefined,
  secretAccessKey: string | undefined,
  idName: string,
  secretName: string,
): KeyPair | undefined {
  if (accessKeyId === undefined && secretAccessKey === undefined) return undefined;
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw new UsageError(`${idName} and ${secretName} go together`, 'bucketway serve');
  }
  if (!isAccessKeyId(accessKeyId)) throw new UsageError(`${idName} must be ${ACCESS_KEY_ID_RULE}`, 'bucketway serve');
  if (!isSecretAccessKey(secretAccessKey)) {
    throw new UsageError(`${secretName} must be ${SECRET_ACCESS_KEY_RULE}`, 'bucketway serve');
  }
  return { accessKeyId, secretAccessKey };
}

function port(flag: string, text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw refuse(flag, 'a port from 0 to 65535');
  return Number(text);
}

function workers(text: string): number {
  if (text === 'auto') return Math.min(availableParallelism(), MOST_AUTOMATIC_WORKERS);
  if (!/^[1-9]\d{0,2}$/.test(text) || Number(text) > MAX_WORKERS)
    throw refuse('workers', `auto or a number from 1 to ${MAX_WORKERS}`);
  return Number(text);
}

function region(text: string): string {
  if (!/^[a-z0-9-]{1,64}$/.test(text)) throw refuse('region', 'a region such as us-east-1');
  return text;
}

function signatureVersions(text: string): Set<'v4' | 'v2'> {
  const versions = text.split(',');
  if (!versions.every((version) => version === 'v4' || version === 'v2'))
    throw refuse('signature-versions', 'v4, v2 or v4,v2');
  return new Set(versions);
}

function durability(text: string): Durability {
  if (text === 'none' || text === 'file' || text === 'directory') return text;
  throw refuse('durability', 'none, file or directory');
}

function refuse(flag: string, rule: string): UsageError {
  return new UsageError(`--${flag} must be ${rule}`, 'bucketway serve');
}
