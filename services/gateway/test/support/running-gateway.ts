import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConsoleLogger } from '@nestjs/common';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { Identity } from '../../src/auth/identity.js';
import { PERMISSIONS } from '../../src/auth/permission.js';
import { SnapshotStore } from '../../src/config/snapshot-store.js';
import type { BucketMapping, Grant, Snapshot } from '../../src/config/snapshot.js';
import { createGateway } from '../../src/gateway.js';
import { RequestObserver } from '../../src/observability/request-observer.js';
import type { RequestRecord } from '../../src/observability/request-record.js';
import { NoStorageObserver } from '../../src/observability/storage-observer.js';
import { UsageKeeper } from '../../src/usage/usage-keeper.js';
import { UsageLedger } from '../../src/usage/usage-ledger.js';

export const MAIN: Identity = { name: 'main', accessKeyId: 'MAINKEY', secretAccessKey: 'main-secret-of-the-tests' };
export const OTHER: Identity = { name: 'other', accessKeyId: 'OTHERKEY', secretAccessKey: 'other-secret-of-the-tests' };

/** All permissions on all keys. */
export function fullGrant(identity: Identity, prefix = ''): Grant {
  return { accessKeyId: identity.accessKeyId, permissions: new Set(PERMISSIONS), prefix };
}

/** A bucket, by its name, at a path of the tree, where {@link MAIN} may do everything. */
export function mappedBucket(
  name: string,
  path: string,
  anonymous: BucketMapping['anonymous'] = 'none',
): [string, BucketMapping] {
  return [name, { name, path, grants: [fullGrant(MAIN)], anonymous }];
}

/** Keeps every record, so that a test sees what the access log would say. */
export class RecordingObserver extends RequestObserver {
  readonly records: RequestRecord[] = [];
  override started(): void {}
  override finished(record: RequestRecord): void {
    this.records.push(record);
  }
}

const USAGE_INTERVAL_SECONDS = 300;

export interface RunningGateway extends AsyncDisposable {
  readonly endpoint: string;
  readonly port: number;
  /** The storage's root folder. */
  readonly root: string;
  readonly snapshots: SnapshotStore;
  readonly observer: RecordingObserver;
  /** Counts the buckets with a quota, each when it comes and then every five minutes. */
  readonly usage: UsageKeeper;
  /** An SDK client with its default settings, but for the address. */
  client(identity?: Identity, options?: S3ClientConfig): S3Client;
  /** Puts a changed snapshot in force. */
  change(change: Partial<Snapshot>): void;
}

/**
 * Starts a gateway in this process over a new folder, with `main` and `other` as identities, a bucket root at `/` in which both may
 * create, and whatever a test changes of that.
 */
export async function startGateway(change: Partial<Snapshot> = {}): Promise<RunningGateway> {
  const root = await mkdtemp(join(tmpdir(), 'bucketway-test-'));
  const snapshot: Snapshot = {
    generation: 1,
    region: 'us-east-1',
    domains: [],
    signatureVersions: new Set(['v4']),
    storages: [{ mount: '/', local: { root, durability: 'none', metadata: 'auto' } }],
    identities: new Map([MAIN, OTHER].map((identity) => [identity.accessKeyId, identity])),
    buckets: new Map<string, BucketMapping>(),
    bucketRoot: { path: '/', create: new Set([MAIN.accessKeyId, OTHER.accessKeyId]) },
    ...change,
  };
  const snapshots = new SnapshotStore(snapshot);
  const observer = new RecordingObserver();
  // What goes wrong is worth reading; that Nest starts is not.
  const log = new ConsoleLogger({ logLevels: ['error', 'fatal'] });
  const usage = new UsageKeeper(log);
  const ledger = new UsageLedger((changes) => usage.changed(changes));
  const follow = (): void => usage.follow(snapshots.current.buckets.values(), USAGE_INTERVAL_SECONDS);
  snapshots.onReplace(follow);
  follow();
  const gateway = await createGateway({
    snapshots,
    listen: { host: '127.0.0.1', port: 0 },
    requestObserver: observer,
    storageObserver: new NoStorageObserver(),
    usageLedger: ledger,
    log,
  });
  const { port } = await gateway.listen();
  usage.begin({
    measure: async (path) => await gateway.measure?.(path),
    tellUsage: (usages) => ledger.learn(usages),
  });
  const endpoint = `http://127.0.0.1:${port}`;
  const clients: S3Client[] = [];
  return {
    endpoint,
    port,
    root,
    snapshots,
    observer,
    usage,
    client: (identity = MAIN, options = {}) => {
      const client = new S3Client({
        endpoint,
        region: 'us-east-1',
        credentials: identity,
        forcePathStyle: true,
        ...options,
      });
      clients.push(client);
      return client;
    },
    change: (next) =>
      snapshots.replace({ ...snapshots.current, generation: snapshots.current.generation + 1, ...next }),
    [Symbol.asyncDispose]: async () => {
      for (const client of clients) client.destroy();
      usage.close();
      await gateway.close(1_000);
      await rm(root, { recursive: true, force: true });
    },
  };
}
