import { hash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startGateway, type RunningGateway } from '../support/running-gateway.js';
import { pattern } from './served-folder.js';

const PART = 5 * 1024 * 1024;
const KEYS = ['ü ñ/+plus & (round)#?.txt', 'plain/a.txt', 'deep/er/still/b'] as const;

/** How OpenList names the source of a copy: as one segment, slashes escaped too. */
function copySource(bucket: string, key: string): string {
  return encodeURIComponent(`${bucket}/${key}`);
}

/**
 * The calls that OpenList's "S3" storage makes, one by one, with the parameters that it gives (aws-sdk-go 1.55): it looks for a file, then for a
 * folder; folders are placeholders; renames are copies.
 */
describe("OpenList's S3 storage on a bucket", () => {
  let gateway: RunningGateway;
  let s3: S3Client;
  let Bucket: string;
  let buckets = 0;

  beforeAll(async () => {
    gateway = await startGateway();
    // The Go SDK of that time knows no checksums but Content-MD5.
    s3 = gateway.client(undefined, {
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
  });
  afterAll(() => gateway[Symbol.asyncDispose]());
  beforeEach(async () => {
    Bucket = `openlist-${++buckets}`;
    await s3.send(new CreateBucketCommand({ Bucket }));
  });

  async function put(Key: string, Body: Buffer | string): Promise<void> {
    const bytes = Buffer.from(Body);
    const ContentMD5 = hash('md5', bytes, 'base64');
    await s3.send(
      new PutObjectCommand({ Bucket, Key, Body: bytes, ContentType: 'application/octet-stream', ContentMD5 }),
    );
  }

  /** As the driver looks at one name: what it takes it for. */
  async function look(Key: string, version: 'v1' | 'v2' = 'v2'): Promise<'file' | 'folder' | 'nothing'> {
    try {
      const { ContentLength, LastModified } = await s3.send(new HeadObjectCommand({ Bucket, Key }));
      expect([typeof ContentLength, LastModified]).toEqual(['number', expect.any(Date)]);
      return 'file';
    } catch (error) {
      // Anything but this code is a failure of the storage to OpenList.
      expect(error).toMatchObject({ name: 'NotFound', $metadata: { httpStatusCode: 404 } });
    }
    const query = { Bucket, Prefix: `${Key}/`, MaxKeys: 1 };
    const found =
      version === 'v1' ? await s3.send(new ListObjectsCommand(query)) : await s3.send(new ListObjectsV2Command(query));
    return (found.Contents ?? []).length + (found.CommonPrefixes ?? []).length > 0 ? 'folder' : 'nothing';
  }

  /** A folder as the driver lists it, page after page. */
  async function list(Prefix: string, version: 'v1' | 'v2', MaxKeys?: number): Promise<string[]> {
    const names: string[] = [];
    let next: string | undefined = version === 'v1' ? '' : undefined;
    for (;;) {
      const common = { Bucket, Prefix, Delimiter: '/', ...(MaxKeys !== undefined && { MaxKeys }) };
      const page =
        version === 'v1'
          ? await s3.send(new ListObjectsCommand({ ...common, Marker: next }))
          : await s3.send(
              new ListObjectsV2Command({ ...common, ...(next !== undefined && { ContinuationToken: next }) }),
            );
      names.push(...(page.CommonPrefixes ?? []).map((one) => one.Prefix as string));
      for (const { Key, Size, LastModified } of page.Contents ?? []) {
        expect([typeof Size, LastModified]).toEqual(['number', expect.any(Date)]);
        names.push(Key as string);
      }
      // It takes a missing IsTruncated for a failure, and reads NextMarker unasked where it is true.
      expect(typeof page.IsTruncated).toBe('boolean');
      if (!page.IsTruncated) return names;
      next =
        'NextMarker' in page
          ? page.NextMarker
          : 'NextContinuationToken' in page
            ? page.NextContinuationToken
            : undefined;
      expect(next).toEqual(expect.any(String));
    }
  }

  it.each(['v1', 'v2'] as const)('finds files, folders and nothing (%s)', async (version) => {
    for (const key of KEYS) await put(key, 'x');
    for (const key of KEYS) expect(await look(key, version)).toBe('file');
    for (const folder of ['plain', 'deep', 'deep/er', 'deep/er/still', 'ü ñ']) {
      expect(await look(folder, version)).toBe('folder');
    }
    for (const none of ['missing', 'plain/missing', 'plain/a.txt/below', 'dee']) {
      expect(await look(none, version)).toBe('nothing');
    }
  });

  it('answers a look for what is missing without a body', async () => {
    const url = await getSignedUrl(s3, new HeadObjectCommand({ Bucket, Key: 'missing' }));
    const answer = await fetch(url, { method: 'HEAD' });
    expect([answer.status, await answer.text()]).toEqual([404, '']);
  });

  it.each(['v1', 'v2'] as const)('lists a folder, page after page (%s)', async (version) => {
    const files = Array.from({ length: 7 }, (_, i) => `d/file-${i}`);
    for (const key of [...files, 'd/sub-a/x', 'd/sub-b/y', 'e/z']) await put(key, 'x');
    const all = [...files, 'd/sub-a/', 'd/sub-b/'];
    for (const pageSize of [1, 2, 100, undefined])
      expect((await list('d/', version, pageSize)).toSorted()).toEqual(all);
    expect(await list('', version)).toEqual(['d/', 'e/']);
    expect(await list('missing/', version)).toEqual([]);
  });

  it('writes IsTruncated into every listing, and NextMarker into one that goes on', async () => {
    for (const key of ['a', 'b']) await put(key, 'x');
    for (const [command, parts] of [
      [
        new ListObjectsCommand({ Bucket, Delimiter: '/', Prefix: '', Marker: '' }),
        ['<IsTruncated>false</IsTruncated>'],
      ],
      [
        new ListObjectsCommand({ Bucket, Delimiter: '/', Prefix: '', MaxKeys: 1 }),
        ['<IsTruncated>true</IsTruncated>', '<NextMarker>a</NextMarker>'],
      ],
      [new ListObjectsV2Command({ Bucket, Prefix: 'none/', MaxKeys: 1 }), ['<IsTruncated>false</IsTruncated>']],
    ] as const) {
      const url = await getSignedUrl(s3, command);
      const text = await (await fetch(url)).text();
      for (const part of parts) expect(text).toContain(part);
    }
  });

  it('makes a folder by a placeholder of no bytes, and removes it with what is in it', async () => {
    await put('new/folder/.openlist', '');
    expect(await look('new/folder')).toBe('folder');
    expect(await look('new')).toBe('folder');
    expect(await list('new/folder/', 'v2')).toEqual(['new/folder/.openlist']);
    await put('new/folder/f', 'x');
    for (const Key of ['new/folder/f', 'new/folder/.openlist', 'new/folder', 'new/folder/']) {
      const { $metadata } = await s3.send(new DeleteObjectCommand({ Bucket, Key }));
      expect($metadata.httpStatusCode).toBe(204);
    }
    expect(await look('new/folder')).toBe('nothing');
    expect(await list('', 'v2')).toEqual([]);
  });

  it('does not lose a folder to a delete of its bare name', async () => {
    await put('d/kept', 'x');
    for (const Key of ['d', 'd/']) await s3.send(new DeleteObjectCommand({ Bucket, Key }));
    expect(await look('d/kept')).toBe('file');
  });

  it.each(KEYS)('renames %s by a copy and a delete', async (key) => {
    await put(key, 'content');
    const to = `${key}-renamed`;
    const { CopyObjectResult } = await s3.send(
      new CopyObjectCommand({ Bucket, Key: to, CopySource: copySource(Bucket, key) }),
    );
    expect(CopyObjectResult?.ETag).toBe(`"${hash('md5', 'content')}"`);
    await s3.send(new DeleteObjectCommand({ Bucket, Key: key }));
    expect(await look(key)).toBe('nothing');
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: to }));
    expect(await Body?.transformToString()).toBe('content');
  });

  it('uploads in parts of 5 MiB, five at a time', async () => {
    const bytes = pattern(6 * PART + 1234);
    const Key = 'large/upload';
    const { UploadId } = await s3.send(
      new CreateMultipartUploadCommand({ Bucket, Key, ContentType: 'application/octet-stream' }),
    );
    const Parts: { PartNumber: number; ETag: string | undefined }[] = [];
    const send = async (PartNumber: number): Promise<void> => {
      const Body = bytes.subarray((PartNumber - 1) * PART, PartNumber * PART);
      const ContentMD5 = hash('md5', Body, 'base64');
      const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body, ContentMD5 }));
      Parts.push({ PartNumber, ETag });
    };
    await Promise.all([1, 2, 3, 4, 5].map(send));
    await Promise.all([6, 7].map(send));
    Parts.sort((one, other) => one.PartNumber - other.PartNumber);
    await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }));
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    expect(Buffer.from((await Body?.transformToByteArray()) ?? []).equals(bytes)).toBe(true);
  });

  it('copies what is too large for one copy part by part, keeping what it had', async () => {
    const bytes = pattern(2 * PART + 77);
    await s3.send(
      new PutObjectCommand({ Bucket, Key: 'ü/from', Body: bytes, ContentType: 'video/x', Metadata: { m: '1' } }),
    );
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'ü/from' }));
    const Key = 'to';
    const { ContentType, Metadata } = head;
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key, ContentType, Metadata }));
    const Parts: { PartNumber: number; ETag: string | undefined }[] = [];
    for (let start = 0; start < bytes.length; start += PART) {
      const PartNumber = Parts.length + 1;
      const { CopyPartResult } = await s3.send(
        new UploadPartCopyCommand({
          Bucket,
          Key,
          UploadId,
          PartNumber,
          CopySource: copySource(Bucket, 'ü/from'),
          CopySourceRange: `bytes=${start}-${Math.min(start + PART, bytes.length) - 1}`,
        }),
      );
      expect(CopyPartResult?.ETag).toMatch(/^"[0-9a-f]{32}"$/);
      Parts.push({ PartNumber, ETag: CopyPartResult?.ETag });
    }
    await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }));
    const copied = await s3.send(new GetObjectCommand({ Bucket, Key }));
    expect(copied).toMatchObject({ ContentType: 'video/x', Metadata: { m: '1' }, ContentLength: bytes.length });
    expect(Buffer.from((await copied.Body?.transformToByteArray()) ?? []).equals(bytes)).toBe(true);
  });

  it('gives up a copy in parts', async () => {
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'to' }));
    await s3.send(new AbortMultipartUploadCommand({ Bucket, Key: 'to', UploadId }));
    expect(await look('to')).toBe('nothing');
  });

  it('lets clients download by a presigned URL, in ranges, under the name that it asks for', async () => {
    await put(KEYS[0], '0123456789');
    const name = encodeURIComponent('ü ñ.txt');
    const url = await getSignedUrl(
      s3,
      new GetObjectCommand({
        Bucket,
        Key: KEYS[0],
        ResponseContentDisposition: `attachment; filename*=UTF-8''${name}`,
      }),
      { expiresIn: 4 * 3600 },
    );
    const whole = await fetch(url);
    expect([whole.status, await whole.text()]).toEqual([200, '0123456789']);
    expect(whole.headers.get('content-disposition')).toBe(`attachment; filename*=UTF-8''${name}`);
    const part = await fetch(url, { headers: { range: 'bytes=3-5' } });
    expect([part.status, await part.text(), part.headers.get('content-range')]).toEqual([206, '345', 'bytes 3-5/10']);
  });
});
