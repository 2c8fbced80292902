import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type GetObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { presignTarget } from '../support/raw-request.js';
import { exchangeBytes } from '../support/raw-connection.js';
import { plainRequest } from '../support/raw-request.js';
import { MAIN, startGateway, type RunningGateway } from '../support/running-gateway.js';

const Bucket = 'reads';
const BYTES = Buffer.from('the quick brown fox');
let gateway: RunningGateway;
let client: S3Client;
beforeAll(async () => {
  gateway = await startGateway();
  client = gateway.client();
  await client.send(new CreateBucketCommand({ Bucket }));
  await client.send(new PutObjectCommand({ Bucket, Key: 'fox', Body: BYTES, ContentType: 'text/plain' }));
});
afterAll(() => gateway[Symbol.asyncDispose]());

interface Read {
  readonly status: number;
  readonly text: string;
  readonly range: string | undefined;
}

async function read(input: Partial<GetObjectCommandInput>): Promise<Read> {
  try {
    const { $metadata, Body, ContentRange } = await client.send(new GetObjectCommand({ Bucket, Key: 'fox', ...input }));
    return { status: $metadata.httpStatusCode!, text: await Body!.transformToString(), range: ContentRange };
  } catch (error) {
    const { $metadata, name } = error as { $metadata?: { httpStatusCode: number }; name: string };
    return { status: $metadata?.httpStatusCode ?? 0, text: name, range: undefined };
  }
}

describe('a read of a range', () => {
  it.each([
    ['bytes=0-2', 'the', 'bytes 0-2/19'],
    ['bytes=16-', 'fox', 'bytes 16-18/19'],
    ['bytes=-3', 'fox', 'bytes 16-18/19'],
    ['bytes=4-100', 'quick brown fox', 'bytes 4-18/19'],
  ])('%s gets these bytes and no others', async (Range, text, range) => {
    expect(await read({ Range })).toEqual({ status: 206, text, range });
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'fox', Range }));
    expect([head.$metadata.httpStatusCode, head.ContentLength]).toEqual([206, text.length]);
  });

  it('gets the whole object where If-Range names another version', async () => {
    const url = await presignTarget({ target: `/${Bucket}/fox` }, MAIN);
    for (const [tag, status] of [
      [`"${createHash('md5').update(BYTES).digest('hex')}"`, 206],
      ['"another"', 200],
      ['Wed, 21 Oct 2015 07:28:00 GMT', 200],
    ] as const) {
      const headers = { range: 'bytes=0-2', 'if-range': tag };
      expect((await exchangeBytes(gateway.port, plainRequest({ target: url, headers }))).status).toBe(status);
    }
  });

  it('of a large object gets any slice', async () => {
    const large = randomBytes(3_000_001);
    await client.send(new PutObjectCommand({ Bucket, Key: 'large', Body: large }));
    for (const [from, to] of [
      [0, 0],
      [65_535, 65_536],
      [1_048_575, 2_097_153],
      [2_999_999, 3_000_000],
      [1, 3_000_000],
    ] as const) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: 'large', Range: `bytes=${from}-${to}` }));
      expect(large.subarray(from, to + 1).equals(await Body!.transformToByteArray())).toBe(true);
    }
  });
});

describe('a read with conditions', () => {
  const etag = `"${createHash('md5').update(BYTES).digest('hex')}"`;
  const past = new Date('2015-10-21');
  const future = new Date(Date.now() + 3_600_000);

  it.each<[Partial<GetObjectCommandInput>, number]>([
    [{ IfMatch: etag }, 200],
    [{ IfMatch: '*' }, 200],
    [{ IfMatch: '"other"' }, 412],
    [{ IfNoneMatch: etag }, 304],
    [{ IfNoneMatch: '*' }, 304],
    [{ IfNoneMatch: `"other", ${etag}` }, 304],
    [{ IfNoneMatch: '"other"' }, 200],
    [{ IfModifiedSince: past }, 200],
    [{ IfModifiedSince: future }, 304],
    [{ IfUnmodifiedSince: past }, 412],
    [{ IfUnmodifiedSince: future }, 200],
    // RFC 9110, section 13.2.2: entity tags decide where both are there.
    [{ IfMatch: etag, IfUnmodifiedSince: past }, 200],
    [{ IfNoneMatch: '"other"', IfModifiedSince: future }, 200],
  ])('%o is answered with %i', async (conditions, status) => {
    expect((await read(conditions)).status).toBe(status);
  });
});

describe('a read of what there is but one version of', () => {
  it('takes versionId=null, and no other', async () => {
    expect((await read({ VersionId: 'null' })).status).toBe(200);
    expect((await read({ VersionId: '3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY' })).text).toBe('NoSuchVersion');
    await client.send(new PutObjectCommand({ Bucket, Key: 'null', Body: 'x' }));
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'null', VersionId: 'null' }));
    expect((await read({ Key: 'null' })).status).toBe(404);
  });
});

describe('a read of a part', () => {
  it('gets that part of an object that was uploaded in parts, and how many there are', async () => {
    const Body = randomBytes(5 * 1024 * 1024 + 1000);
    await new Upload({ client, params: { Bucket, Key: 'parts', Body }, partSize: 5 * 1024 * 1024 }).done();
    const second = await client.send(new GetObjectCommand({ Bucket, Key: 'parts', PartNumber: 2 }));
    expect([second.$metadata.httpStatusCode, second.PartsCount, second.ContentRange]).toEqual([
      206,
      2,
      `bytes 5242880-5243879/5243880`,
    ]);
    expect(Body.subarray(5 * 1024 * 1024).equals(await second.Body!.transformToByteArray())).toBe(true);
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'parts', PartNumber: 1 }));
    expect([head.ContentLength, head.PartsCount]).toEqual([5 * 1024 * 1024, 2]);
    expect((await read({ Key: 'parts', PartNumber: 3 })).status).toBe(416);
    const whole = await client.send(new GetObjectCommand({ Bucket, Key: 'parts' }));
    expect(whole.ETag).toMatch(/^"[0-9a-f]{32}-2"$/);
    expect(Body.equals(await whole.Body!.transformToByteArray())).toBe(true);
  });
});

describe('a signed link', () => {
  it('replaces the headers that it names', async () => {
    const { ContentType, ContentDisposition, CacheControl } = await client.send(
      new GetObjectCommand({
        Bucket,
        Key: 'fox',
        ResponseContentType: 'text/markdown',
        ResponseContentDisposition: 'attachment; filename="é.md"',
        ResponseCacheControl: 'no-store',
      }),
    );
    expect([ContentType, CacheControl]).toEqual(['text/markdown', 'no-store']);
    expect(Buffer.from(ContentDisposition!, 'latin1').toString()).toContain('é.md');
  });
});

describe('a read while the object is written', () => {
  it('gets the version whole that it began with', async () => {
    const old = Buffer.alloc(24 * 1024 * 1024, 'o');
    await client.send(new PutObjectCommand({ Bucket, Key: 'replaced', Body: old }));
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: 'replaced' }));
    await client.send(new PutObjectCommand({ Bucket, Key: 'replaced', Body: 'new' }));
    expect(old.equals(await Body!.transformToByteArray())).toBe(true);
    expect((await read({ Key: 'replaced' })).text).toBe('new');
  });

  it('gets what another program has put there, with an entity tag that is no MD5', async () => {
    await writeFile(join(gateway.root, Bucket, 'outside'), 'from outside');
    const { ETag, Body } = await client.send(new GetObjectCommand({ Bucket, Key: 'outside' }));
    expect([await Body!.transformToString(), ETag]).toEqual(['from outside', expect.stringMatching(/-1"$/)]);
    await writeFile(join(gateway.root, Bucket, 'fox-too'), 'x');
    await client.send(new PutObjectCommand({ Bucket, Key: 'changed', Body: 'by S3' }));
    await writeFile(join(gateway.root, Bucket, 'changed'), 'by others');
    const changed = await client.send(new GetObjectCommand({ Bucket, Key: 'changed', ChecksumMode: 'ENABLED' }));
    expect([await changed.Body!.transformToString(), changed.ChecksumCRC32]).toEqual(['by others', undefined]);
    expect(changed.ETag).toMatch(/-1"$/);
  });
});
