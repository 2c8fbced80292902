import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, DeleteObjectsCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { createS3Storage, type S3Storage } from '../../src/storage/s3/s3-storage.js';
import type { S3StorageOptions } from '../../src/storage/s3/s3-storage-options.js';
import { parseStoragePath } from '../../src/storage/storage-path.js';
import type { StoreUnderTest } from '../contract/object-store.contract.js';

/** A server that speaks S3. */
export interface S3Server {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region?: string;
}

/** The options of a storage on a server, with what a test changes. */
export function upstreamOptions(server: S3Server, change: Partial<S3StorageOptions> = {}): S3StorageOptions {
  return {
    endpoint: server.endpoint,
    region: server.region ?? 'us-east-1',
    bucket: 'upstream',
    prefix: '',
    accessKeyId: server.accessKeyId,
    secretAccessKey: server.secretAccessKey,
    addressingStyle: 'path',
    connectTimeoutMs: 2_000,
    idleTimeoutMs: 20_000,
    maxConcurrentRequests: 64,
    retries: 2,
    redirectReads: false,
    ...change,
  };
}

/** A client of the server itself. */
export function upstreamClient(server: S3Server): S3Client {
  const { endpoint, accessKeyId, secretAccessKey, region = 'us-east-1' } = server;
  return new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
}

/** Makes the bucket, if it is not there. */
export async function makeUpstreamBucket(server: S3Server, bucket: string): Promise<void> {
  const client = upstreamClient(server);
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
  } catch (error) {
    if (!(error instanceof Error) || !error.name.startsWith('BucketAlready')) throw error;
  } finally {
    client.destroy();
  }
}

/** Each is two requests signed, and as many verified. */
const OVERWRITES = 50;

/** Two gateways' storages on a server, for a contract: each store is empty, below a prefix of its own. */
export class UpstreamFixture {
  private readonly storages: readonly [S3Storage, S3Storage];

  /** @param traits of the server, for the contract */
  constructor(
    private readonly server: S3Server,
    private readonly traits: Pick<StoreUnderTest, 'hierarchical' | 'limits'>,
    private readonly options: S3StorageOptions = upstreamOptions(server),
  ) {
    this.storages = [createS3Storage(options), createS3Storage(options)];
  }

  get storage(): S3Storage {
    return this.storages[0];
  }

  async store(): Promise<StoreUnderTest> {
    const base = parseStoragePath(`run-${randomUUID()}`);
    const [one, two] = this.storages;
    await one.probe();
    return {
      store: one.createStore(base),
      other: two.createStore(base),
      ...this.traits,
      upstream: true,
      overwrites: OVERWRITES,
      close: () => this.remove(`${this.options.prefix}${base}/`),
    };
  }

  close(): void {
    for (const storage of this.storages) storage.close();
  }

  private async remove(prefix: string): Promise<void> {
    const client = upstreamClient(this.server);
    const Bucket = this.options.bucket;
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: prefix }));
    const Objects = Contents.map(({ Key }) => ({ Key }));
    if (Objects.length > 0) await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    client.destroy();
  }
}
