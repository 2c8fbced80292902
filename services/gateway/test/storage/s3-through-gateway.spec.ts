import { hash } from 'node:crypto';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutBucketCorsCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MAIN, mappedBucket, OTHER, startGateway, type RunningGateway } from '../support/running-gateway.js';
import { S3Proxy } from '../support/s3-proxy.js';
import { makeUpstreamBucket, upstreamOptions } from '../support/s3-upstream.js';

const MIB = 1024 * 1024;

describe('a bucket in an upstream S3', () => {
  let upstream: RunningGateway;
  let proxy: S3Proxy;
  let gateway: RunningGateway;
  let client: S3Client;

  beforeAll(async () => {
    // The storage's own keys are not those of the gateway's clients.
    upstream = await startGateway({ identities: new Map([[OTHER.accessKeyId, OTHER]]) });
    proxy = await S3Proxy.before(upstream.endpoint);
    const server = { endpoint: upstream.endpoint, ...OTHER };
    await makeUpstreamBucket(server, 'upstream');
    const options = upstreamOptions({ ...server, endpoint: proxy.endpoint }, { prefix: 'kept/' });
    gateway = await startGateway({
      identities: new Map([[MAIN.accessKeyId, MAIN]]),
      storages: [
        { mount: '/up', s3: options },
        { mount: '/linked', s3: { ...options, redirectReads: true } },
      ],
      buckets: new Map([
        mappedBucket('team', '/up/team'),
        mappedBucket('others', '/up/other'),
        mappedBucket('linked', '/linked/team', 'read'),
        mappedBucket('tree', '/'),
      ]),
    });
    client = gateway.client(MAIN);
  });
  beforeEach(() => proxy.reset());
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
    await upstream[Symbol.asyncDispose]();
  });

  it.each([20, 2.5 * MIB])('compares the MD5 that a client claims of %i bytes', async (size) => {
    const Body = Buffer.alloc(size, 'some bytes');
    const put = (md5: string): Promise<unknown> => {
      const command = new PutObjectCommand({ Bucket: 'team', Key: `claimed-${size}`, Body, ContentMD5: md5 });
      // As older clients send it: with no checksum beside it.
      command.middlewareStack.add(
        (next) => (args) => {
          const { headers } = args.request as { headers: Record<string, string> };
          for (const name of Object.keys(headers))
            if (/^x-amz-(checksum|sdk-checksum|trailer)/.test(name)) delete headers[name];
          return next(args);
        },
        { step: 'finalizeRequest', priority: 'high' },
      );
      return gateway.client(MAIN, { requestChecksumCalculation: 'WHEN_REQUIRED' }).send(command);
    };
    await expect(put(hash('md5', 'other', 'base64'))).rejects.toMatchObject({ name: 'BadDigest' });
    const gone = new HeadObjectCommand({ Bucket: 'team', Key: `claimed-${size}` });
    await expect(client.send(gone)).rejects.toMatchObject({ name: 'NotFound' });
    expect(await put(hash('md5', Body, 'base64'))).toMatchObject({ ETag: `"${hash('md5', Body)}"` });
    const puts = proxy.seen.filter(({ method, url }) => method === 'PUT' && url.includes('/claimed-'));
    await client.send(new DeleteObjectCommand({ Bucket: 'team', Key: `claimed-${size}` }));
    expect(puts.at(-1)?.headers['content-md5']).toBe(hash('md5', Body, 'base64'));
  });

  it('keeps what a client stores, under its own keys', async () => {
    await client.send(
      new PutObjectCommand({
        Bucket: 'team',
        Key: 'a/b c+d.txt',
        Body: 'content',
        ContentType: 'text/plain',
        Metadata: { one: '1' },
        Tagging: 'k=v',
        Expires: new Date('2030-01-02T03:04:05Z'),
      }),
    );
    const head = await client.send(
      new HeadObjectCommand({ Bucket: 'team', Key: 'a/b c+d.txt', ChecksumMode: 'ENABLED' }),
    );
    expect(head).toMatchObject({
      ETag: `"${hash('md5', 'content')}"`,
      ContentType: 'text/plain',
      ContentLength: 7,
      Metadata: { one: '1' },
      TagCount: 1,
      ExpiresString: 'Wed, 02 Jan 2030 03:04:05 GMT',
    });
    expect(head.ChecksumCRC32).toBeDefined();
    const { Contents } = await upstream
      .client(OTHER)
      .send(new ListObjectsV2Command({ Bucket: 'upstream', Prefix: 'kept/team/' }));
    expect(Contents?.map(({ Key }) => Key)).toEqual(['kept/team/a/b c+d.txt']);
    for (const { headers } of proxy.seen) {
      expect(headers.authorization).not.toContain(MAIN.accessKeyId);
      expect(headers.authorization).toContain(OTHER.accessKeyId);
    }
  });

  it('reads with one request upstream, whatever range is asked for', async () => {
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251));
    await client.send(new PutObjectCommand({ Bucket: 'team', Key: 'ranged', Body: bytes }));
    for (const [range, start, end] of [
      [undefined, 0, 300_000],
      ['bytes=10-19', 10, 20],
      ['bytes=299990-', 299_990, 300_000],
      ['bytes=-5', 299_995, 300_000],
    ] as const) {
      proxy.reset();
      const { Body } = await client.send(new GetObjectCommand({ Bucket: 'team', Key: 'ranged', Range: range }));
      expect(Buffer.from((await Body?.transformToByteArray()) ?? []).equals(bytes.subarray(start, end))).toBe(true);
      expect(proxy.seen.map(({ method }) => method)).toEqual(['GET']);
    }
    const beyond = client.send(new GetObjectCommand({ Bucket: 'team', Key: 'ranged', Range: 'bytes=300000-' }));
    await expect(beyond).rejects.toMatchObject({ name: 'InvalidRange' });
  });

  it.each([MIB / 2, 3 * MIB + 5])('keeps the checksum of %i bytes that come with a trailer', async (size) => {
    const Body = Buffer.alloc(size, 7);
    const put = await client.send(
      new PutObjectCommand({ Bucket: 'team', Key: 'summed', Body, ChecksumAlgorithm: 'SHA256' }),
    );
    const value = hash('sha256', Body, 'base64');
    expect(put.ChecksumSHA256).toBe(value);
    const head = await client.send(new HeadObjectCommand({ Bucket: 'team', Key: 'summed', ChecksumMode: 'ENABLED' }));
    expect([head.ChecksumSHA256, head.ContentEncoding]).toEqual([value, undefined]);
  });

  it('copies within the upstream without the bytes', async () => {
    const Body = Buffer.alloc(2 * MIB, 3);
    const input = { Bucket: 'team', Key: 'source/é', Body, Metadata: { m: '1' }, ContentType: 'a/b', Tagging: 'k=v' };
    await client.send(new PutObjectCommand(input));
    proxy.reset();
    const CopySource = `team/${encodeURIComponent('source/é')}`;
    const copied = await client.send(new CopyObjectCommand({ Bucket: 'others', Key: 'copy', CopySource }));
    expect(copied.CopyObjectResult?.ETag).toBe(`"${hash('md5', Body)}"`);
    await client.send(
      new CopyObjectCommand({
        Bucket: 'tree',
        Key: 'up/other/replaced',
        CopySource,
        MetadataDirective: 'REPLACE',
        Metadata: { n: '2' },
        TaggingDirective: 'REPLACE',
        Tagging: 'x=y',
      }),
    );
    expect(proxy.seen.filter(({ method, url }) => method === 'GET' && !url.includes('tagging'))).toEqual([]);
    expect(await client.send(new HeadObjectCommand({ Bucket: 'others', Key: 'copy' }))).toMatchObject({
      ContentType: 'a/b',
      Metadata: { m: '1' },
      TagCount: 1,
    });
    const replaced = await client.send(new HeadObjectCommand({ Bucket: 'others', Key: 'replaced' }));
    expect([replaced.Metadata, replaced.ContentLength]).toEqual([{ n: '2' }, 2 * MIB]);
    const { TagSet } = await client.send(new GetObjectTaggingCommand({ Bucket: 'others', Key: 'replaced' }));
    expect(TagSet).toEqual([{ Key: 'x', Value: 'y' }]);
  });

  it('keeps the conditions of copies, of source and target', async () => {
    await client.send(new PutObjectCommand({ Bucket: 'team', Key: 'one', Body: 'one' }));
    const input = { Bucket: 'team', Key: 'two', CopySource: 'team/one' };
    const stale = client.send(new CopyObjectCommand({ ...input, CopySourceIfMatch: '"other"' }));
    await expect(stale).rejects.toMatchObject({ name: 'PreconditionFailed' });
    await client.send(new CopyObjectCommand({ ...input, IfNoneMatch: '*' }));
    const taken = client.send(new CopyObjectCommand({ ...input, IfNoneMatch: '*' }));
    await expect(taken).rejects.toMatchObject({ name: 'PreconditionFailed' });
  });

  it('takes uploads in parts, copied and sent, and gives their parts', async () => {
    const Body = Buffer.alloc(5 * MIB, 4);
    await client.send(new PutObjectCommand({ Bucket: 'team', Key: 'part', Body }));
    const named = { Bucket: 'others', Key: 'parts' };
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...named, ChecksumAlgorithm: 'CRC32' }));
    proxy.reset();
    const first = await client.send(
      new UploadPartCopyCommand({ ...named, UploadId, PartNumber: 1, CopySource: 'team/part' }),
    );
    expect(proxy.count('GET')).toBe(0);
    const second = await client.send(new UploadPartCommand({ ...named, UploadId, PartNumber: 2, Body: 'tail' }));
    const Parts = [
      { PartNumber: 1, ETag: first.CopyPartResult?.ETag, ChecksumCRC32: first.CopyPartResult?.ChecksumCRC32 },
      { PartNumber: 2, ETag: second.ETag, ChecksumCRC32: second.ChecksumCRC32 },
    ];
    await client.send(new CompleteMultipartUploadCommand({ ...named, UploadId, MultipartUpload: { Parts } }));
    const attributes = await client.send(
      new GetObjectAttributesCommand({ ...named, ObjectAttributes: ['ObjectParts', 'Checksum'] }),
    );
    expect(attributes.ObjectParts?.Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([
      [1, 5 * MIB],
      [2, 4],
    ]);
    expect(attributes.Checksum?.ChecksumCRC32).toMatch(/-2$/);
    const part = await client.send(new GetObjectCommand({ ...named, PartNumber: 2 }));
    expect([await part.Body?.transformToString(), part.PartsCount]).toEqual(['tail', 2]);
    const none = client.send(new GetObjectCommand({ ...named, PartNumber: 3 }));
    await expect(none).rejects.toMatchObject({ name: 'InvalidPartNumber' });
  });

  describe('takes form uploads', () => {
    async function post(body: string | Buffer, filename = 'ü 1.txt'): Promise<Response> {
      const { url, fields } = await createPresignedPost(client, {
        Bucket: 'team',
        Key: 'forms/${filename}',
        Conditions: [
          ['content-length-range', 1, 2 * MIB],
          ['starts-with', '$Content-Type', 'text/'],
        ],
        Fields: { 'Content-Type': 'text/x-form', 'x-amz-meta-m': '1', success_action_status: '201' },
      });
      const form = new FormData();
      for (const [name, value] of Object.entries(fields)) form.append(name, value);
      form.append('file', new Blob([new Uint8Array(Buffer.from(body))]), filename);
      return fetch(url, { method: 'POST', body: form });
    }

    it.each([5, 1.5 * MIB])('of %i bytes, whose length nobody says', async (size) => {
      const body = Buffer.alloc(size, 6);
      const answer = await post(body);
      expect(answer.status).toBe(201);
      expect(await answer.text()).toContain(hash('md5', body));
      const got = await client.send(new GetObjectCommand({ Bucket: 'team', Key: 'forms/ü 1.txt' }));
      expect(got).toMatchObject({ ContentType: 'text/x-form', Metadata: { m: '1' }, ContentLength: size });
      expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(body)).toBe(true);
      for (const { headers } of proxy.seen) expect(headers.authorization).not.toContain(MAIN.accessKeyId);
    });

    it('and keeps nothing of what the policy refuses', async () => {
      const answer = await post(Buffer.alloc(2 * MIB + 1), 'large');
      expect([answer.status, (await answer.text()).includes('EntityTooLarge')]).toEqual([400, true]);
      const kept = await upstream.client(OTHER).send(new ListObjectsV2Command({ Bucket: 'upstream' }));
      expect(kept.Contents?.map(({ Key }) => Key).filter((key) => key?.includes('large'))).toEqual([]);
      const uploads = await upstream.client(OTHER).send(new ListMultipartUploadsCommand({ Bucket: 'upstream' }));
      expect(uploads.Uploads ?? []).toEqual([]);
    });
  });

  it('refuses settings that there is no place for', async () => {
    const CORSConfiguration = { CORSRules: [{ AllowedMethods: ['GET'], AllowedOrigins: ['*'] }] };
    const refused = client.send(new PutBucketCorsCommand({ Bucket: 'team', CORSConfiguration }));
    await expect(refused).rejects.toMatchObject({ name: 'NotImplemented' });
  });

  it.each(['../other/one', 'a/../../other/one', '.', 'a/./b'])('lets no key lead elsewhere: %j', async (Key) => {
    const put = client.send(new PutObjectCommand({ Bucket: 'team', Key, Body: 'x' }));
    await expect(put).rejects.toMatchObject({ name: 'UnsupportedKey' });
    await expect(client.send(new GetObjectCommand({ Bucket: 'team', Key }))).rejects.toMatchObject({
      name: 'NoSuchKey',
    });
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: 'team', Prefix: '../other/' }));
    expect(Contents).toEqual([]);
  });

  describe('whose reads may be redirected', () => {
    beforeAll(async () => {
      await client.send(new PutObjectCommand({ Bucket: 'linked', Key: 'far', Body: 'bytes', ContentType: 'text/x' }));
    });

    it('sends links and anonymous readers to the upstream', async () => {
      const command = new GetObjectCommand({
        Bucket: 'linked',
        Key: 'far',
        ResponseContentDisposition: 'attachment; filename="ü.txt"',
      });
      for (const url of [await getSignedUrl(client, command), `${gateway.endpoint}/linked/far`]) {
        const answer = await fetch(url, { redirect: 'manual' });
        expect(answer.status).toBe(307);
        const location = answer.headers.get('location') ?? '';
        expect(location.startsWith(`${proxy.endpoint}/upstream/kept/team/far?`)).toBe(true);
        const followed = await fetch(location, { headers: { Range: 'bytes=0-2' } });
        expect([followed.status, await followed.text()]).toEqual([206, 'byt']);
        if (url.includes('response-')) expect(followed.headers.get('content-disposition')).toContain('attachment');
      }
    });

    it.each(['Wed, 02 Jan 2030 03:04:05 GMT', '0'])('have the expiry that a link asks for: %s', async (expires) => {
      const command = new GetObjectCommand({ Bucket: 'linked', Key: 'far' });
      command.middlewareStack.add(
        (next) => (args) => {
          (args.request as { query: Record<string, string> }).query['response-expires'] = expires;
          return next(args);
        },
        { step: 'build' },
      );
      const answer = await fetch(await getSignedUrl(client, command), { redirect: 'manual' });
      const followed = await fetch(answer.headers.get('location') ?? '');
      expect([answer.status, followed.status, followed.headers.get('expires')]).toEqual([307, 200, expires]);
    });

    it('answers signed requests itself, and those of buckets without the option', async () => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: 'linked', Key: 'far' }));
      expect(await Body?.transformToString()).toBe('bytes');
      const link = await getSignedUrl(client, new GetObjectCommand({ Bucket: 'team', Key: 'far' }));
      expect((await fetch(link, { redirect: 'manual' })).status).toBe(200);
    });
  });
});
