import { existsSync, mkdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mappedBucket, OTHER, startGateway, type RunningGateway } from '../support/running-gateway.js';

const Bucket = 'archive';

describe('a storage that is mounted in the bucket root', () => {
  let gateway: RunningGateway;
  let client: S3Client;
  beforeEach(async () => {
    gateway = await startGateway();
    mkdirSync(join(gateway.root, 'elsewhere'));
    const at = (mount: string, folder: string): { mount: string; local: never } => ({
      mount,
      local: { root: join(gateway.root, folder), durability: 'none', metadata: 'auto' } as never,
    });
    gateway.change({
      bucketRoot: { path: '/buckets', create: new Set(['MAINKEY']) },
      storages: [at('/', '.'), at(`/buckets/${Bucket}`, 'elsewhere'), at('/buckets/away', 'gone')],
    });
    client = gateway.client();
  });
  afterEach(() => gateway[Symbol.asyncDispose]());

  it('is a bucket, without a folder of the bucket root', async () => {
    const { Buckets } = await client.send(new ListBucketsCommand({}));
    expect(Buckets?.map(({ Name }) => Name)).toEqual([Bucket, 'away']);
    await client.send(new HeadBucketCommand({ Bucket }));
    await client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'x' }));
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: 'a' }));
    expect(await Body?.transformToString()).toBe('x');
  });

  it('is not made by CreateBucket, which finds it there, nor removed by DeleteBucket', async () => {
    await client.send(new CreateBucketCommand({ Bucket }));
    expect(existsSync(join(gateway.root, 'buckets'))).toBe(false);
    const taken = new CreateBucketCommand({ Bucket });
    await expect(gateway.client(OTHER).send(taken)).rejects.toMatchObject({ name: 'AccessDenied' });
    await expect(client.send(new DeleteBucketCommand({ Bucket }))).rejects.toMatchObject({ name: 'AccessDenied' });
  });
});

it('a bucket whose folder is not there yet is as old as the folder above', async () => {
  await using gateway = await startGateway({ buckets: new Map([mappedBucket('new', '/team/new')]) });
  mkdirSync(join(gateway.root, 'team'));
  utimesSync(join(gateway.root, 'team'), 1_700_000_000, 1_700_000_000);
  const { Buckets } = await gateway.client().send(new ListBucketsCommand({}));
  const found = Buckets?.find(({ Name }) => Name === 'new');
  expect(found?.CreationDate).toEqual(new Date(1_700_000_000_000));
});
