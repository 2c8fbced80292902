import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OpenlistFiles } from '../../src/storage/openlist/openlist-files.js';
import { ROOT } from '../../src/storage/storage-path.js';
import { HAS_OPENLIST, openlistOptions } from '../support/openlist-target.js';
import { fullGrant, MAIN, startGateway, type RunningGateway } from '../support/running-gateway.js';
import { pattern } from './served-folder.js';

const url = (process.env['OPENLIST_URL'] ?? '').replace(/\/$/, '');
const token = process.env['OPENLIST_TOKEN'] ?? '';

async function openlist(route: string, body?: object): Promise<unknown> {
  const answer = await fetch(`${url}/api/${route}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: token, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const { code, message, data } = (await answer.json()) as { code: number; message: string; data: unknown };
  if (code !== 200) throw new Error(`OpenList: ${message}`);
  return data;
}

async function upload(path: string, body: Buffer): Promise<void> {
  const answer = await fetch(`${url}/api/fs/put`, {
    method: 'PUT',
    headers: { authorization: token, 'file-path': encodeURIComponent(path) },
    body,
  });
  expect(await answer.json()).toMatchObject({ code: 200 });
}

/** OpenList, on this machine, with buckets of a gateway of this test among its storages. */
describe.skipIf(!HAS_OPENLIST)('a real OpenList that mounts a bucket (needs OPENLIST_URL and OPENLIST_TOKEN)', () => {
  const closing: (() => unknown)[] = [];
  let mount: string;

  beforeEach(() => {
    mount = `/bucketway-${randomUUID()}`;
  });
  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close();
  });

  async function mountBucket(gateway: RunningGateway, bucket: string, version: 'v1' | 'v2'): Promise<void> {
    const { id } = (await openlist('admin/storage/create', {
      mount_path: mount,
      driver: 'S3',
      cache_expiration: 0,
      web_proxy: false,
      webdav_policy: '302_redirect',
      order_by: 'name',
      order_direction: 'asc',
      addition: JSON.stringify({
        root_folder_path: '/',
        bucket,
        endpoint: gateway.endpoint,
        region: 'us-east-1',
        access_key_id: MAIN.accessKeyId,
        secret_access_key: MAIN.secretAccessKey,
        force_path_style: true,
        list_object_version: version,
        sign_url_expire: 4,
      }),
    })) as { id: number };
    closing.push(() => openlist(`admin/storage/delete?id=${id}`, {}));
  }

  async function keys(s3: S3Client, Bucket: string): Promise<string[]> {
    const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket }));
    return (Contents ?? []).map(({ Key }) => Key as string);
  }

  async function names(path: string): Promise<string[]> {
    const { content } = (await openlist('fs/list', { path, refresh: true })) as { content: { name: string }[] | null };
    return (content ?? []).map(({ name }) => name).toSorted();
  }

  it.each(['v1', 'v2'] as const)('reads, writes, renames, moves and removes in it (%s)', async (version) => {
    const gateway = await startGateway();
    closing.push(() => gateway[Symbol.asyncDispose]());
    const s3 = gateway.client();
    await s3.send(new CreateBucketCommand({ Bucket: 'mounted' }));
    await mountBucket(gateway, 'mounted', version);
    const large = pattern(12 * 1024 * 1024 + 5);

    await openlist('fs/mkdir', { path: `${mount}/empty` });
    await upload(`${mount}/d/ü ñ+&.txt`, Buffer.from('small'));
    await upload(`${mount}/d/large.bin`, large);
    const placeholders = ['d/.openlist', 'empty/.openlist'];
    expect(await keys(s3, 'mounted')).toEqual(['d/large.bin', 'd/ü ñ+&.txt', ...placeholders].toSorted());
    expect([await names(mount), await names(`${mount}/d`), await names(`${mount}/empty`)]).toEqual([
      ['d', 'empty'],
      ['large.bin', 'ü ñ+&.txt'],
      [],
    ]);

    const { raw_url } = (await openlist('fs/get', { path: `${mount}/d/large.bin` })) as { raw_url: string };
    expect(new URL(raw_url).origin).toBe(gateway.endpoint);
    expect(Buffer.from(await (await fetch(raw_url)).arrayBuffer()).equals(large)).toBe(true);

    await openlist('fs/rename', { path: `${mount}/d/ü ñ+&.txt`, name: 'renamed' });
    await openlist('fs/move', { src_dir: `${mount}/d`, dst_dir: `${mount}/empty`, names: ['renamed'] });
    expect(await keys(s3, 'mounted')).toEqual([...placeholders, 'd/large.bin', 'empty/renamed'].toSorted());
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'mounted', Key: 'empty/renamed' }));
    expect(await Body?.transformToString()).toBe('small');

    await openlist('fs/remove', { dir: mount, names: ['empty'] });
    expect(await keys(s3, 'mounted')).toEqual(['d/.openlist', 'd/large.bin']);
    await openlist('fs/remove', { dir: mount, names: ['d'] });
    expect(await keys(s3, 'mounted')).toEqual([]);
  });

  it('is found out where the bucket lies on that OpenList, directly or further down', async () => {
    const options = openlistOptions(url, token, mount);
    const gateway = await startGateway({
      storages: [{ mount: '/', openlist: options }],
      buckets: new Map([
        ['looped', { name: 'looped', path: '/', grants: [fullGrant(MAIN)], anonymous: 'none' as const }],
      ]),
    });
    closing.push(() => gateway[Symbol.asyncDispose]());
    await mountBucket(gateway, 'looped', 'v2');
    const files = new OpenlistFiles(options);
    closing.push(() => files.close());
    await expect(files.probe()).rejects.toThrow(/leads back to this gateway/);

    // The same bucket, seen from the top of OpenList: one of its storages leads back, the others do not.
    gateway.change({ storages: [{ mount: '/', openlist: { ...options, path: '/' } }] });
    const top = new OpenlistFiles({ ...options, path: '/' });
    closing.push(() => top.close());
    await top.probe();
    expect([...(await top.list(ROOT))].map(({ name }) => `/${name}`)).not.toContain(mount);
  });
});
