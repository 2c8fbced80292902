import { writeFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { BucketQuota } from '../../src/config/snapshot.js';
import { RawConnection } from '../support/raw-connection.js';
import { signHead } from '../support/raw-request.js';
import { MAIN, mappedBucket, startGateway, type RunningGateway } from '../support/running-gateway.js';

const Bucket = 'limited';

describe('a bucket with a quota', () => {
  let gateway: RunningGateway;
  let client: S3Client;
  beforeEach(async () => {
    gateway = await startGateway();
    client = gateway.client();
  });
  afterEach(() => gateway[Symbol.asyncDispose]());

  /** Puts files into the bucket's folder, as somebody who does not come over S3. */
  function place(files: Readonly<Record<string, number>>): void {
    mkdirSync(join(gateway.root, 'data', 'folder'), { recursive: true });
    for (const [name, size] of Object.entries(files)) writeFileSync(join(gateway.root, 'data', name), 'x'.repeat(size));
  }

  /** Maps the bucket, and waits until its objects are counted. */
  async function limit(quota: Partial<BucketQuota>): Promise<void> {
    const [name, mapping] = mappedBucket(Bucket, '/data');
    gateway.change({ buckets: new Map([[name, { ...mapping, quota: { mode: 'enforce', ...quota } }]]) });
    await vi.waitFor(() => expect(gateway.usage.report()).toHaveLength(1));
  }

  function put(Key: string, size: number): Promise<string | undefined> {
    return outcome(client.send(new PutObjectCommand({ Bucket, Key, Body: Buffer.alloc(size) })));
  }

  async function outcome(action: Promise<unknown>): Promise<string | undefined> {
    return await action.then(
      () => undefined,
      (error: unknown) => (error as Error).name,
    );
  }

  it('is counted with what lies there already, and refuses what does not fit with 403', async () => {
    place({ 'a.txt': 60, 'folder/b.txt': 30 });
    await limit({ maxBytes: 100 });
    expect(gateway.usage.report()).toMatchObject([{ bucket: Bucket, size: 90, objects: 2, exceeded: false }]);
    const refused = client.send(new PutObjectCommand({ Bucket, Key: 'c', Body: Buffer.alloc(11) }));
    await expect(refused).rejects.toMatchObject({
      name: 'QuotaExceeded',
      message: expect.stringContaining('The bucket may hold 100 bytes') as string,
      $metadata: { httpStatusCode: 403 },
    });
    await vi.waitFor(() => expect(gateway.usage.report()).toMatchObject([{ exceeded: true }]), 10_000);
    expect(await put('c', 10)).toBeUndefined();
  });

  it('does not ask for the bytes of what it refuses', async () => {
    await limit({ maxBytes: 10 });
    const request = { method: 'PUT', target: `/${Bucket}/a`, length: 11, payload: 'UNSIGNED-PAYLOAD' };
    const { head } = await signHead({ ...request, unsigned: { expect: '100-continue' } }, MAIN);
    await using connection = await RawConnection.open(gateway.port);
    expect(await connection.write(head).response()).toMatchObject({ status: 403, code: 'QuotaExceeded' });
  });

  it('refuses copies, forms and uploads in parts as well', async () => {
    place({ source: 60 });
    await limit({ maxBytes: 100 });
    const copy = new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/source` });
    expect(await outcome(client.send(copy))).toBe('QuotaExceeded');

    const { url, fields } = await createPresignedPost(client, { Bucket, Key: 'form' });
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    form.append('file', new Blob(['x'.repeat(41)]), 'form');
    const answer = await fetch(url, { method: 'POST', body: form });
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain('<Code>QuotaExceeded</Code>');

    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'parts' }));
    const part = new UploadPartCommand({ Bucket, Key: 'parts', UploadId, PartNumber: 1, Body: Buffer.alloc(41) });
    expect(await outcome(client.send(part))).toBe('QuotaExceeded');
    const fitting = new UploadPartCommand({ Bucket, Key: 'parts', UploadId, PartNumber: 1, Body: Buffer.alloc(40) });
    const { ETag } = await client.send(fitting);
    // It lies in the storage, and so it takes room.
    expect(await put('more', 1)).toBe('QuotaExceeded');
    const begin = new CreateMultipartUploadCommand({ Bucket, Key: 'more' });
    expect(await outcome(client.send(begin))).toBe('QuotaExceeded');
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    const complete = new CompleteMultipartUploadCommand({ Bucket, Key: 'parts', UploadId, MultipartUpload });
    expect(await outcome(client.send(complete))).toBeUndefined();
    expect(await put('more', 1)).toBe('QuotaExceeded');
    expect(await put('parts', 40)).toBeUndefined();
  });

  it('counts parts of uploads that were under way before', async () => {
    await limit({ maxBytes: 100 });
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'parts' }));
    const part = new UploadPartCommand({ Bucket, Key: 'parts', UploadId, PartNumber: 1, Body: Buffer.alloc(60) });
    await client.send(part);
    await vi.waitFor(() => expect(gateway.usage.report()).toMatchObject([{ size: 60, approximate: true }]), 10_000);
    gateway.change({ buckets: new Map() });
    await limit({ maxBytes: 100 });
    expect(gateway.usage.report()).toMatchObject([{ size: 60, objects: 0, approximate: false }]);
    expect(await put('a', 41)).toBe('QuotaExceeded');
    await client.send(new AbortMultipartUploadCommand({ Bucket, Key: 'parts', UploadId }));
    expect(await put('a', 100)).toBeUndefined();
  });

  it('can be read and emptied while it is full, and has room for what was written since', async () => {
    await limit({ maxObjects: 1 });
    expect(await put('a', 5)).toBeUndefined();
    expect(await put('b', 0)).toBe('QuotaExceeded');
    expect(await put('a', 50)).toBeUndefined();
    expect(await outcome(client.send(new GetObjectCommand({ Bucket, Key: 'a' })))).toBeUndefined();
    expect(await outcome(client.send(new DeleteObjectCommand({ Bucket, Key: 'a' })))).toBeUndefined();
    expect(await put('b', 5)).toBeUndefined();
  });

  it('refuses nothing in the mode report, and is counted all the same', async () => {
    await limit({ maxBytes: 10, mode: 'report' });
    expect(await put('a', 50)).toBeUndefined();
    await vi.waitFor(
      () => expect(gateway.usage.report()).toMatchObject([{ size: 50, objects: 1, approximate: true, exceeded: true }]),
      10_000,
    );
  });

  it('has room again as soon as its quota is raised', async () => {
    place({ a: 100 });
    await limit({ maxBytes: 100 });
    expect(await put('b', 1)).toBe('QuotaExceeded');
    await limit({ maxBytes: 200 });
    expect(await put('b', 100)).toBeUndefined();
  });

  it('does not limit another bucket', async () => {
    await limit({ maxBytes: 1 });
    const [name, mapping] = mappedBucket('free-of-it', '/other');
    gateway.change({ buckets: new Map([...gateway.snapshots.current.buckets, [name, mapping]]) });
    const free = new PutObjectCommand({ Bucket: name, Key: 'a', Body: Buffer.alloc(100) });
    expect(await outcome(client.send(free))).toBeUndefined();
    expect(gateway.usage.report().map(({ bucket }) => bucket)).toEqual([Bucket]);
  });
});
