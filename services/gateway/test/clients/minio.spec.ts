import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { Client, CopyDestinationOptions, CopySourceOptions } from 'minio';
import type { BucketItem } from 'minio';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ODD_KEY, pattern, ServedFolder } from './served-folder.js';

describe('the minio package with its default settings', () => {
  let served: ServedFolder;
  let minio: Client;
  let bucket: string;

  beforeAll(async () => {
    served = await ServedFolder.start();
    const { port, accessKeyId: accessKey, secretAccessKey: secretKey } = served;
    minio = new Client({ endPoint: '127.0.0.1', port, useSSL: false, accessKey, secretKey });
    bucket = served.bucket;
  });
  afterAll(async () => {
    await served[Symbol.asyncDispose]();
  });

  async function read(key: string): Promise<Buffer> {
    return await buffer(await minio.getObject(bucket, key));
  }

  it('makes, lists and removes a bucket', async () => {
    await minio.makeBucket('made-here');
    expect(await minio.bucketExists('made-here')).toBe(true);
    expect((await minio.listBuckets()).map(({ name }) => name)).toEqual(['clients', 'made-here']);
    await minio.removeBucket('made-here');
    expect(await minio.bucketExists('made-here')).toBe(false);
  });

  it('puts, stats, gets, tags and removes an object of an odd name', async () => {
    await minio.putObject(bucket, ODD_KEY, 'hello there', undefined, { 'Content-Type': 'text/x', colour: 'blue' });
    expect(served.onDisk(ODD_KEY).toString()).toBe('hello there');
    const stat = await minio.statObject(bucket, ODD_KEY);
    expect(stat).toMatchObject({ size: 11, metaData: { 'content-type': 'text/x', colour: 'blue' } });
    expect((await read(ODD_KEY)).toString()).toBe('hello there');
    expect((await buffer(await minio.getPartialObject(bucket, ODD_KEY, 6, 5))).toString()).toBe('there');
    await minio.setObjectTagging(bucket, ODD_KEY, { team: 'a b' });
    expect(await minio.getObjectTagging(bucket, ODD_KEY)).toEqual([{ Key: 'team', Value: 'a b' }]);
    await minio.removeObject(bucket, ODD_KEY);
    expect(existsSync(join(served.folder, bucket, ODD_KEY))).toBe(false);
  });

  it('uploads a large stream in parts', async () => {
    const bytes = pattern(66 * 1024 * 1024);
    const pieces = Array.from({ length: 66 }, (_, i) => bytes.subarray(i << 20, (i + 1) << 20));
    await minio.putObject(bucket, 'large.bin', Readable.from(pieces, { objectMode: false }), bytes.length);
    expect(served.onDisk('large.bin').equals(bytes)).toBe(true);
    expect((await minio.statObject(bucket, 'large.bin')).etag).toMatch(/-2$/);
    expect((await read('large.bin')).equals(bytes)).toBe(true);
    expect(await minio.findUploadId(bucket, 'large.bin')).toBeUndefined();
  });

  it('copies, and composes an object of others', async () => {
    await minio.putObject(bucket, 'from ü', 'copied');
    await minio.copyObject(
      new CopySourceOptions({ Bucket: bucket, Object: 'from ü' }),
      new CopyDestinationOptions({ Bucket: bucket, Object: 'to' }),
    );
    expect(served.onDisk('to').toString()).toBe('copied');
    const first = pattern(5 * 1024 * 1024);
    await minio.putObject(bucket, 'first', first);
    await minio.composeObject(new CopyDestinationOptions({ Bucket: bucket, Object: 'both' }), [
      new CopySourceOptions({ Bucket: bucket, Object: 'first' }),
      new CopySourceOptions({ Bucket: bucket, Object: 'to' }),
    ]);
    expect(served.onDisk('both').equals(Buffer.concat([first, Buffer.from('copied')]))).toBe(true);
  });

  it('lists, in both versions', async () => {
    for (const name of ['a', 'b c', 'd/e', 'ü']) await minio.putObject(bucket, `list/${name}`, 'x');
    const all = ['list/a', 'list/b c', 'list/d/e', 'list/ü'];
    expect(await names(minio.listObjects(bucket, 'list/', true))).toEqual(all);
    expect(await names(minio.listObjectsV2(bucket, 'list/', true))).toEqual(all);
    expect((await names(minio.listObjectsV2(bucket, 'list/', false))).toSorted()).toEqual(
      ['list/a', 'list/b c', 'list/d/', 'list/ü'].toSorted(),
    );
  });

  it('presigns put, get and a form', async () => {
    const put = await fetch(await minio.presignedPutObject(bucket, 'signed ü.txt', 60), { method: 'PUT', body: 'hi' });
    expect(put.status).toBe(200);
    expect(served.onDisk('signed ü.txt').toString()).toBe('hi');
    expect(await (await fetch(await minio.presignedGetObject(bucket, 'signed ü.txt', 60))).text()).toBe('hi');
    const policy = minio.newPostPolicy();
    policy.setBucket(bucket);
    policy.setKeyStartsWith('posted/');
    policy.setContentLengthRange(1, 100);
    policy.setExpires(new Date(Date.now() + 60_000));
    const { postURL, formData } = await minio.presignedPostPolicy(policy);
    const form = new FormData();
    for (const [name, value] of Object.entries(formData)) form.append(name, value);
    form.set('key', 'posted/it');
    form.append('file', new Blob(['posted']), 'picked');
    expect((await fetch(postURL, { method: 'POST', body: form })).status).toBe(204);
    expect(served.onDisk('posted/it').toString()).toBe('posted');
  });

  it('removes many', async () => {
    const keys = ['many/1', 'many/2 ü&<', 'many/3'];
    for (const key of keys) await minio.putObject(bucket, key, 'x');
    await minio.removeObjects(bucket, keys);
    expect(existsSync(join(served.folder, bucket, 'many'))).toBe(false);
  });
});

async function names(stream: AsyncIterable<BucketItem>): Promise<string[]> {
  const found: string[] = [];
  for await (const item of stream) found.push(item.name ?? item.prefix ?? '');
  return found;
}
