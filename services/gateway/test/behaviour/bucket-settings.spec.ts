import {
  CreateBucketCommand,
  DeleteBucketCommand,
  GetBucketCorsCommand,
  GetBucketTaggingCommand,
  HeadBucketCommand,
  PutBucketCorsCommand,
  PutBucketTaggingCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BucketMapping } from '../../src/config/snapshot.js';
import { fullGrant, MAIN, OTHER, startGateway, type RunningGateway } from '../support/running-gateway.js';

const Bucket = 'photos';
const CORS = new PutBucketCorsCommand({
  Bucket,
  CORSConfiguration: { CORSRules: [{ AllowedMethods: ['GET'], AllowedOrigins: ['*'] }] },
});
const TAGS = new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: [{ Key: 'a', Value: 'b' }] } });

describe('what clients have set on a bucket', () => {
  let gateway: RunningGateway;
  beforeEach(async () => {
    gateway = await startGateway();
  });
  afterEach(() => gateway[Symbol.asyncDispose]());

  function mapTo(path: string): void {
    const mapping: BucketMapping = { name: Bucket, path, grants: [fullGrant(MAIN)], anonymous: 'none' };
    gateway.change({ buckets: new Map([[Bucket, mapping]]) });
  }

  async function nameOfError(action: Promise<unknown>): Promise<string | undefined> {
    return await action.then(
      () => undefined,
      (error: unknown) => (error as Error).name,
    );
  }

  it('stays with its folder, and is not inherited by another one of the same name', async () => {
    const client = gateway.client();
    mapTo('/one');
    await client.send(CORS);
    await client.send(TAGS);
    mapTo('/two');
    expect(await nameOfError(client.send(new GetBucketCorsCommand({ Bucket })))).toBe('NoSuchCORSConfiguration');
    expect(await nameOfError(client.send(new GetBucketTaggingCommand({ Bucket })))).toBe('NoSuchTagSet');
    mapTo('/one');
    expect((await client.send(new GetBucketCorsCommand({ Bucket }))).CORSRules).toHaveLength(1);
    expect((await client.send(new GetBucketTaggingCommand({ Bucket }))).TagSet).toEqual([{ Key: 'a', Value: 'b' }]);
  });

  it("does not make a bucket of the bucket root anybody else's", async () => {
    await gateway.client().send(new CreateBucketCommand({ Bucket }));
    mapTo('/elsewhere');
    await gateway.client().send(TAGS);
    gateway.change({ buckets: new Map() });
    expect((await gateway.client().send(new HeadBucketCommand({ Bucket }))).$metadata.httpStatusCode).toBe(200);
    expect(await nameOfError(gateway.client(OTHER).send(new PutBucketTaggingCommand(TAGS.input)))).toBe('AccessDenied');
    expect(await nameOfError(gateway.client().send(new GetBucketTaggingCommand({ Bucket })))).toBe('NoSuchTagSet');
  });

  it('is shared by a bucket of the bucket root and a mapping of the same name and folder', async () => {
    await gateway.client().send(new CreateBucketCommand({ Bucket }));
    mapTo(`/${Bucket}`);
    await gateway.client().send(TAGS);
    gateway.change({ buckets: new Map() });
    expect((await gateway.client().send(new GetBucketTaggingCommand({ Bucket }))).TagSet).toHaveLength(1);
    expect(await nameOfError(gateway.client(OTHER).send(new PutBucketTaggingCommand(TAGS.input)))).toBe('AccessDenied');
  });

  it('ends with the bucket', async () => {
    await gateway.client().send(new CreateBucketCommand({ Bucket }));
    await gateway.client().send(TAGS);
    await gateway.client().send(new DeleteBucketCommand({ Bucket }));
    await gateway.client(OTHER).send(new CreateBucketCommand({ Bucket }));
    expect(await nameOfError(gateway.client(OTHER).send(new GetBucketTaggingCommand({ Bucket })))).toBe('NoSuchTagSet');
    expect(await nameOfError(gateway.client().send(new GetBucketTaggingCommand({ Bucket })))).toBe('AccessDenied');
  });
});

describe('the folder of a bucket', () => {
  it('is told to who asks for it, and does not matter to anybody else', async () => {
    await using gateway = await startGateway();
    const mapping: BucketMapping = { name: Bucket, path: '/not-yet', grants: [fullGrant(MAIN)], anonymous: 'none' };
    gateway.change({ buckets: new Map([[Bucket, mapping]]) });
    const client = gateway.client();
    const seen: (string | undefined)[] = [];
    client.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        seen.push((result.response as { headers: Record<string, string> }).headers['x-bucketway-folder']);
        return result;
      },
      { step: 'deserialize' },
    );
    await client.send(new HeadBucketCommand({ Bucket }));
    client.middlewareStack.add(
      (next) => (args) => {
        (args.request as { headers: Record<string, string> }).headers['x-bucketway-folder'] = 'report';
        return next(args);
      },
      { step: 'build' },
    );
    await client.send(new HeadBucketCommand({ Bucket }));
    await client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'a' }));
    await client.send(new HeadBucketCommand({ Bucket }));
    expect([seen[0], seen[1], seen.at(-1)]).toEqual([undefined, 'missing', 'present']);
  });
});
