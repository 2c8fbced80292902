import { once } from 'node:events';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  GetObjectCommand,
  HeadBucketCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OTHER, startGateway, type RunningGateway } from '../support/running-gateway.js';

const Bucket = 'photos';

describe('a bucket that is deleted while a client writes to it', () => {
  let gateway: RunningGateway;
  beforeEach(async () => {
    gateway = await startGateway();
    await gateway.client().send(new CreateBucketCommand({ Bucket }));
  });
  afterEach(() => gateway[Symbol.asyncDispose]());

  /** An upload that has been let in, and waits for its client. */
  async function beginPut(Key: string): Promise<ClientRequest> {
    const url = await getSignedUrl(gateway.client(), new PutObjectCommand({ Bucket, Key }));
    const upload = request(url, { method: 'PUT', headers: { 'content-length': 4, expect: '100-continue' } });
    upload.flushHeaders();
    await once(upload, 'continue');
    return upload;
  }

  async function isThere(): Promise<boolean> {
    return await gateway
      .client()
      .send(new HeadBucketCommand({ Bucket }))
      .then(
        () => true,
        () => false,
      );
  }

  it.each(['key', 'a/folder/key'])('does not come back with the object (%s)', async (key) => {
    const upload = await beginPut(key);
    await gateway.client().send(new DeleteBucketCommand({ Bucket }));
    upload.end('body');
    const [answer] = (await once(upload, 'response')) as [IncomingMessage];
    expect(answer.statusCode).toBe(404);
    expect(await text(answer)).toContain('<Code>NoSuchBucket</Code>');
    expect(await isThere()).toBe(false);
  });

  it('does not put the object into the bucket that somebody else has made of that name', async () => {
    const upload = await beginPut('key');
    const other = gateway.client(OTHER);
    await gateway.client().send(new DeleteBucketCommand({ Bucket }));
    await other.send(new CreateBucketCommand({ Bucket }));
    await other.send(new PutObjectCommand({ Bucket, Key: 'key', Body: 'theirs' }));
    upload.end('body');
    const [answer] = (await once(upload, 'response')) as [IncomingMessage];
    expect(await text(answer)).toContain('<Code>NoSuchBucket</Code>');
    const { Body } = await other.send(new GetObjectCommand({ Bucket, Key: 'key' }));
    expect(await Body?.transformToString()).toBe('theirs');
  });

  it('takes the object where somebody has made it again', async () => {
    const upload = await beginPut('key');
    await gateway.client().send(new DeleteBucketCommand({ Bucket }));
    await gateway.client().send(new CreateBucketCommand({ Bucket }));
    upload.end('body');
    const [answer] = (await once(upload, 'response')) as [IncomingMessage];
    expect(answer.statusCode).toBe(200);
    answer.resume();
  });
});

it('a bucket is not deleted for somebody who expects it to be another owner’s', async () => {
  await using gateway = await startGateway();
  const client = gateway.client();
  await client.send(new CreateBucketCommand({ Bucket }));
  const ExpectedBucketOwner = '999999999999';
  await expect(client.send(new DeleteBucketCommand({ Bucket, ExpectedBucketOwner }))).rejects.toMatchObject({
    name: 'AccessDenied',
  });
  await client.send(new HeadBucketCommand({ Bucket }));
  await client.send(new DeleteBucketCommand({ Bucket }));
});
