import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3ServiceException,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OpenlistFiles } from '../../src/storage/openlist/openlist-files.js';
import type { OpenlistOptions } from '../../src/storage/openlist/openlist-options.js';
import { OpenlistServer } from '../support/openlist-server.js';
import { openlistOptions } from '../support/openlist-target.js';
import { MAIN, mappedBucket, startGateway, type RunningGateway } from '../support/running-gateway.js';

const Bucket = 'all';

describe('an OpenList whose root is only the list of its mounts', () => {
  let server: OpenlistServer;
  let options: OpenlistOptions;
  let gateway: RunningGateway;
  let client: S3Client;

  beforeAll(async () => {
    server = await OpenlistServer.start();
    for (const [path, driver] of [
      ['/disk', 'Local'],
      ['/cloud/drive', 'OneDrive'],
    ] as const) {
      const { root } = server.mount(path, { driver, cached: driver !== 'Local' });
      root.children.set('there.txt', { kind: 'file', content: Buffer.from(`in ${path}`), mtimeMs: 1_700_000_000_000 });
    }
    options = openlistOptions(server.url, server.token, '/');
    gateway = await startGateway({
      storages: [{ mount: '/', openlist: options }],
      buckets: new Map([mappedBucket(Bucket, '/')]),
    });
    client = gateway.client(MAIN, { maxAttempts: 1 });
  });
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  it('is well', async () => {
    const files = new OpenlistFiles(options);
    await expect(files.probe()).resolves.toBeUndefined();
    files.close();
  });

  it('shows its mounts as folders', async () => {
    const { CommonPrefixes = [] } = await client.send(new ListObjectsV2Command({ Bucket, Delimiter: '/' }));
    expect(CommonPrefixes.map(({ Prefix }) => Prefix)).toEqual(['cloud/', 'disk/']);
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
    expect(Contents.map(({ Key, Size }) => [Key, Size])).toEqual([
      ['cloud/drive/there.txt', 15],
      ['disk/there.txt', 8],
    ]);
  });

  it.each(['disk', 'cloud/drive'])('gives what lies in %s', async (mount) => {
    const Key = `${mount}/there.txt`;
    const { Body, ContentType } = await client.send(new GetObjectCommand({ Bucket, Key }));
    expect([await Body?.transformToString(), ContentType]).toEqual([`in /${mount}`, 'text/plain']);
    const absent = client.send(new HeadObjectCommand({ Bucket, Key: `${mount}/absent` }));
    await expect(absent).rejects.toMatchObject({ $metadata: { httpStatusCode: 404 } });
  });

  it.each([
    ['a put into a mount', new PutObjectCommand({ Bucket, Key: 'disk/new', Body: 'x' })],
    ['a put beside the mounts', new PutObjectCommand({ Bucket, Key: 'new', Body: 'x' })],
    ['a replacement', new PutObjectCommand({ Bucket, Key: 'disk/there.txt', Body: 'x' })],
    ['an upload in parts', new CreateMultipartUploadCommand({ Bucket, Key: 'cloud/drive/new' })],
    ['tags', new PutObjectTaggingCommand({ Bucket, Key: 'disk/there.txt', Tagging: { TagSet: [] } })],
  ])('refuses %s, with a reason, and changes nothing', async (_, command) => {
    const before = JSON.stringify(server.mounts.map(({ root }) => [...root.children.keys()]));
    const error: unknown = await client.send(command as PutObjectCommand).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(S3ServiceException);
    expect(error).toMatchObject({ name: 'AccessDenied', $metadata: { httpStatusCode: 403 } });
    expect((error as Error).message).toBe('The storage behind this bucket is read-only.');
    expect(JSON.stringify(server.mounts.map(({ root }) => [...root.children.keys()]))).toBe(before);
  });

  it('lets a file be deleted, which needs no place', async () => {
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'disk/there.txt' }));
    expect([...(server.mounts[0]?.root.children.keys() ?? [])]).toEqual([]);
  });
});
