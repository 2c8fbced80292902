import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCorsCommand,
  GetBucketTaggingCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3ServiceException,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { BucketMapping } from '../../src/config/snapshot.js';
import { OpenlistServer } from '../support/openlist-server.js';
import { openlistOptions } from '../support/openlist-target.js';
import { fullGrant, MAIN, startGateway, type RunningGateway } from '../support/running-gateway.js';

/** A tree of a local storage and a server that can go away. */
class Tree implements AsyncDisposable {
  /** Requests that reached the server, answered or not. */
  requests = 0;
  up: boolean;

  private constructor(
    private readonly gateway: RunningGateway,
    readonly client: S3Client,
    private readonly server: OpenlistServer,
    private readonly root: string,
    up: boolean,
  ) {
    this.up = up;
    server.intercept = (request) => {
      this.requests++;
      if (!this.up) request.socket.destroy();
      return !this.up;
    };
  }

  static async start({ up }: { up: boolean }): Promise<Tree> {
    const server = await OpenlistServer.start();
    server.mount('/drive');
    server.intercept = (request) => {
      if (!up) request.socket.destroy();
      return !up;
    };
    const root = await mkdtemp(join(tmpdir(), 'bucketway-outage-'));
    await mkdir(join(root, 'folder'));
    const openlist = { ...openlistOptions(server.url, server.token, '/drive'), retries: 0 };
    const gateway = await startGateway({
      storages: [
        { mount: '/', local: { root, durability: 'none', metadata: 'auto' } },
        { mount: '/cloud', openlist },
      ],
      buckets: new Map([bucket('everything', '/'), bucket('cloud', '/cloud'), bucket('local', '/folder')]),
    });
    return new Tree(gateway, gateway.client(MAIN, { maxAttempts: 1 }), server, root, up);
  }

  put(Bucket: string, Key: string): Promise<unknown> {
    return this.client.send(new PutObjectCommand({ Bucket, Key, Body: `content of ${Key}` }));
  }

  async get(Bucket: string, Key: string): Promise<string | undefined> {
    return (await this.client.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();
  }

  async list(Bucket: string, Prefix = '', Delimiter = ''): Promise<readonly (string | undefined)[]> {
    const page = await this.client.send(new ListObjectsV2Command({ Bucket, Prefix, Delimiter }));
    const { Contents = [], CommonPrefixes = [] } = page;
    return [...CommonPrefixes.map((row) => row.Prefix), ...Contents.map((row) => row.Key)];
  }

  /** Waits until the gateway knows: requests are refused and none reaches the server. */
  async knownToBeDown(): Promise<void> {
    await vi.waitFor(async () => {
      const before = this.requests;
      await refusal(this.client.send(new HeadObjectCommand({ Bucket: 'cloud', Key: 'x' })));
      expect(this.requests).toBe(before);
    }, 60_000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
    await rm(this.root, { recursive: true, force: true });
  }
}

function bucket(name: string, path: string): [string, BucketMapping] {
  return [name, { name, path, grants: [fullGrant(MAIN)], anonymous: 'none' }];
}

interface Refusal {
  readonly status: number | undefined;
  readonly retryAfter: number;
}

async function refusal(request: Promise<unknown>): Promise<Refusal> {
  try {
    await request;
  } catch (error) {
    if (!(error instanceof S3ServiceException)) throw error;
    const { headers } = error.$response as { headers: Record<string, string> };
    return { status: error.$metadata.httpStatusCode, retryAfter: Number(headers['retry-after']) };
  }
  throw new Error('It was answered.');
}

describe('a storage that is down', () => {
  let tree: Tree | undefined;
  afterEach(async () => {
    await tree?.[Symbol.asyncDispose]();
    tree = undefined;
  });

  it('does not keep a gateway from starting, and is there once it is up', async () => {
    tree = await Tree.start({ up: false });
    await tree.put('local', 'a');
    expect((await refusal(tree.put('cloud', 'a'))).status).toBe(503);
    tree.up = true;
    await vi.waitFor(() => tree?.put('cloud', 'a'), 60_000);
    expect(await tree.get('cloud', 'a')).toBe('content of a');
  });

  it('answers 503 and when to try again, at once, and leaves other storages alone', async () => {
    tree = await Tree.start({ up: true });
    await tree.put('cloud', 'a');
    await tree.put('everything', 'folder/b');
    tree.up = false;
    await tree.knownToBeDown();
    const { client } = tree;
    const before = tree.requests;
    const upload = { Bucket: 'everything', Key: 'cloud/x' };
    const refused = await Promise.all([
      refusal(tree.get('cloud', 'a')),
      refusal(tree.put('everything', 'cloud/a')),
      refusal(tree.list('cloud')),
      refusal(client.send(new CreateMultipartUploadCommand(upload))),
      refusal(client.send(new GetBucketTaggingCommand({ Bucket: 'cloud' }))),
      refusal(client.send(new DeleteBucketCorsCommand({ Bucket: 'cloud' }))),
      refusal(client.send(new CopyObjectCommand({ Bucket: 'local', Key: 'copy', CopySource: 'cloud/a' }))),
    ]);
    for (const { status, retryAfter } of refused) {
      expect(status).toBe(503);
      expect(retryAfter).toBeGreaterThan(0);
      expect(retryAfter).toBeLessThanOrEqual(30);
    }
    // Looks of the gateway itself are few, and its own.
    expect(tree.requests - before).toBeLessThan(refused.length);
    expect(await tree.get('everything', 'folder/b')).toBe('content of folder/b');
    await tree.put('local', 'c');
    tree.up = true;
    await vi.waitFor(() => tree?.get('everything', 'cloud/a'), 60_000);
  });

  it('shows as a folder, is never left out of a listing without a word, and hides no bucket', async () => {
    tree = await Tree.start({ up: true });
    await tree.put('everything', 'folder/b');
    await tree.put('everything', 'zzz');
    tree.up = false;
    await tree.knownToBeDown();
    expect(await tree.list('everything', '', '/')).toEqual(['cloud/', 'folder/', 'zzz']);
    expect((await refusal(tree.list('everything'))).status).toBe(503);
    expect(await tree.list('everything', 'folder/')).toEqual(['folder/b']);
    expect(await tree.list('everything', 'zz')).toEqual(['zzz']);
    const { Buckets = [] } = await tree.client.send(new ListBucketsCommand({}));
    expect(Buckets.map(({ Name }) => Name)).toEqual(['cloud', 'everything', 'folder', 'local']);
  });

  it('leaves uploads in parts of other storages to be listed', async () => {
    tree = await Tree.start({ up: true });
    await tree.client.send(new CreateMultipartUploadCommand({ Bucket: 'everything', Key: 'folder/b' }));
    tree.up = false;
    await tree.knownToBeDown();
    const uploads = async (Prefix?: string): Promise<unknown> => {
      const page = await tree?.client.send(new ListMultipartUploadsCommand({ Bucket: 'everything', Prefix }));
      return page?.Uploads?.map(({ Key }) => Key);
    };
    expect(await uploads('folder/')).toEqual(['folder/b']);
    expect((await refusal(uploads())).status).toBe(503);
  });
});
