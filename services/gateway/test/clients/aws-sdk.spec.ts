import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  ChecksumAlgorithm,
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  paginateListObjectsV2,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3Client,
  UploadPartCommand,
  waitUntilBucketExists,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ODD_KEY, pattern, ServedFolder } from './served-folder.js';

describe('@aws-sdk/client-s3 with its default settings', () => {
  let served: ServedFolder;
  let s3: S3Client;
  let Bucket: string;

  beforeAll(async () => {
    served = await ServedFolder.start();
    const { endpoint, region } = served;
    s3 = new S3Client({ endpoint, region, credentials: served });
    Bucket = served.bucket;
  });
  afterAll(async () => {
    s3.destroy();
    await served[Symbol.asyncDispose]();
  });

  async function read(Key: string): Promise<Buffer> {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  }

  it('makes, lists and removes a bucket', async () => {
    await s3.send(new CreateBucketCommand({ Bucket: 'made-here' }));
    await waitUntilBucketExists({ client: s3, maxWaitTime: 10 }, { Bucket: 'made-here' });
    const { Buckets } = await s3.send(new ListBucketsCommand({}));
    expect(Buckets?.map(({ Name }) => Name)).toEqual(['clients', 'made-here']);
    await s3.send(new DeleteBucketCommand({ Bucket: 'made-here' }));
    expect(existsSync(join(served.folder, 'made-here'))).toBe(false);
  });

  it('puts, heads, gets, tags and deletes an object of an odd name', async () => {
    const Metadata = { colour: 'blue', words: 'two words' };
    await s3.send(new PutObjectCommand({ Bucket, Key: ODD_KEY, Body: 'hello', ContentType: 'text/x', Metadata }));
    expect(served.onDisk(ODD_KEY).toString()).toBe('hello');
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: ODD_KEY }));
    expect(head).toMatchObject({ ContentLength: 5, ContentType: 'text/x', Metadata });
    expect((await read(ODD_KEY)).toString()).toBe('hello');
    const TagSet = [{ Key: 'team', Value: 'a b' }];
    await s3.send(new PutObjectTaggingCommand({ Bucket, Key: ODD_KEY, Tagging: { TagSet } }));
    expect((await s3.send(new GetObjectTaggingCommand({ Bucket, Key: ODD_KEY }))).TagSet).toEqual(TagSet);
    await s3.send(new DeleteObjectCommand({ Bucket, Key: ODD_KEY }));
    expect(existsSync(join(served.folder, Bucket, ODD_KEY))).toBe(false);
    await expect(read(ODD_KEY)).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  it('puts a stream of known length, which it sends in chunks with a trailer', async () => {
    const bytes = pattern(3_000_001);
    const Body = Readable.from([bytes.subarray(0, 100_000), bytes.subarray(100_000)], { objectMode: false });
    await s3.send(new PutObjectCommand({ Bucket, Key: 'stream', Body, ContentLength: bytes.length }));
    expect(served.onDisk('stream').equals(bytes)).toBe(true);
  });

  it.each(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const)(
    'sends %s, of one object and of parts, and gets it back',
    async (algorithm) => {
      expect(Object.values(ChecksumAlgorithm)).toContain(algorithm);
      const member = `Checksum${algorithm}` as const;
      const object = { Bucket, Key: `sum-${algorithm}` };
      const put = await s3.send(new PutObjectCommand({ ...object, Body: 'hello', ChecksumAlgorithm: algorithm }));
      expect(put[member]).toMatch(/=$/);
      const head = await s3.send(new HeadObjectCommand({ ...object, ChecksumMode: 'ENABLED' }));
      expect(head[member]).toBe(put[member]);
      const bytes = pattern(6 * 1024 * 1024);
      const params = { ...object, Body: bytes, ChecksumAlgorithm: algorithm };
      const done = await new Upload({ client: s3, params }).done();
      expect(done[member]).toBeDefined();
      const whole = await s3.send(new GetObjectCommand({ ...object, ChecksumMode: 'ENABLED' }));
      expect(whole[member]).toBe(done[member]);
      expect(Buffer.from((await whole.Body?.transformToByteArray()) ?? []).equals(bytes)).toBe(true);
      const attributes = { ...object, ObjectAttributes: ['Checksum', 'ObjectParts', 'ObjectSize'] as const };
      const { ObjectParts, ObjectSize } = await s3.send(
        new GetObjectAttributesCommand({ ...attributes, ObjectAttributes: [...attributes.ObjectAttributes] }),
      );
      expect(ObjectSize).toBe(bytes.length);
      expect(ObjectParts?.TotalPartsCount).toBe(2);
    },
  );

  it('uploads a stream of unknown length in parts', async () => {
    const bytes = pattern(17 * 1024 * 1024 + 3);
    const pieces = Array.from({ length: 18 }, (_, i) => bytes.subarray(i << 20, (i + 1) << 20));
    const params = { Bucket, Key: 'large.bin', Body: Readable.from(pieces, { objectMode: false }) };
    await new Upload({ client: s3, params }).done();
    expect(served.onDisk('large.bin').equals(bytes)).toBe(true);
    expect((await s3.send(new HeadObjectCommand({ Bucket, Key: 'large.bin' }))).ETag).toMatch(/-4"$/);
    expect((await read('large.bin')).equals(bytes)).toBe(true);
  });

  it('copies', async () => {
    await s3.send(new PutObjectCommand({ Bucket, Key: 'from ü+', Body: 'copied', Metadata: { colour: 'red' } }));
    const CopySource = `${Bucket}/${encodeURIComponent('from ü+')}`;
    await s3.send(new CopyObjectCommand({ Bucket, Key: 'to', CopySource }));
    expect(served.onDisk('to').toString()).toBe('copied');
    expect((await s3.send(new HeadObjectCommand({ Bucket, Key: 'to' }))).Metadata).toEqual({ colour: 'red' });
  });

  it('lists by page', async () => {
    const keys = ['list/a', 'list/b c', 'list/d/e', 'list/ü'];
    for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
    const seen: string[] = [];
    for await (const page of paginateListObjectsV2({ client: s3, pageSize: 1 }, { Bucket, Prefix: 'list/' })) {
      seen.push(...(page.Contents ?? []).map(({ Key }) => Key ?? ''));
    }
    expect(seen).toEqual(keys);
  });

  it('presigns put, get, head, a part, delete and a form', async () => {
    const object = { Bucket, Key: 'signed ü+.txt' };
    const put = new PutObjectCommand({ ...object, ContentType: 'text/css', Metadata: { colour: 'blue' } });
    const response = await fetch(await getSignedUrl(s3, put), {
      method: 'PUT',
      body: 'signed',
      headers: { 'content-type': 'text/css' },
    });
    expect([response.status, await response.text()]).toEqual([200, '']);
    expect(await s3.send(new HeadObjectCommand(object))).toMatchObject({
      ContentType: 'text/css',
      Metadata: { colour: 'blue' },
    });
    const get = new GetObjectCommand({ ...object, ResponseContentDisposition: 'attachment; filename="ü.txt"' });
    expect(await (await fetch(await getSignedUrl(s3, get))).text()).toBe('signed');
    expect((await fetch(await getSignedUrl(s3, new HeadObjectCommand(object)), { method: 'HEAD' })).status).toBe(200);
    const deletion = await getSignedUrl(s3, new DeleteObjectCommand(object));
    expect((await fetch(deletion, { method: 'DELETE' })).status).toBe(204);

    const part = new UploadPartCommand({ ...object, UploadId: 'none', PartNumber: 1 });
    const refused = await fetch(await getSignedUrl(s3, part), { method: 'PUT', body: 'x' });
    expect([refused.status, await refused.text()]).toEqual([404, expect.stringContaining('NoSuchUpload')]);

    const { url, fields } = await createPresignedPost(s3, { ...object, Conditions: [['content-length-range', 1, 9]] });
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    form.append('file', new Blob(['posted']), 'picked.txt');
    expect((await fetch(url, { method: 'POST', body: form })).status).toBe(204);
    expect(served.onDisk(object.Key).toString()).toBe('posted');
  });

  it('deletes many', async () => {
    const keys = ['many/1', 'many/2 ü&<', 'many/3'];
    for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
    const Delete = { Objects: keys.map((Key) => ({ Key })) };
    const { Deleted, Errors } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete }));
    expect([Deleted?.length, Errors]).toEqual([3, undefined]);
    expect(existsSync(join(served.folder, Bucket, 'many'))).toBe(false);
  });
});
