import { crc32 } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import type { S3Response } from '../../http/s3-response.js';
import {
  codeOf,
  contextOf,
  headerOf,
  MemoryBuckets,
  textOf,
  type RequestFacts,
} from '../../../test/support/operation-context.js';
import { DeleteObject } from './delete-object.js';
import { GetObject } from './get-object.js';
import { PutObject } from './put-object.js';

const MD5_OF_BAR = '37b51d194a7513e45b56f6524f2d51f2';

let buckets: MemoryBuckets;

beforeEach(() => {
  buckets = new MemoryBuckets();
});

async function put(body: string, headers: Record<string, string> = {}): Promise<S3Response> {
  return new PutObject().execute(contextOf({ bucket: buckets.photos, body, headers }));
}

async function get(facts: Omit<RequestFacts, 'bucket'> = {}): Promise<S3Response> {
  return await new GetObject().execute(contextOf({ bucket: buckets.photos, ...facts }));
}

async function remove(facts: Omit<RequestFacts, 'bucket'> = {}): Promise<S3Response> {
  return await new DeleteObject().execute(contextOf({ bucket: buckets.photos, ...facts }));
}

describe('PutObject', () => {
  it('stores what GetObject gives back', async () => {
    const response = await put('bar', { 'content-type': 'text/x', 'x-amz-meta-a': 'b', 'x-amz-tagging': 'k=v' });
    expect(response.status).toBe(200);
    expect(headerOf(response, 'etag')).toBe(`"${MD5_OF_BAR}"`);
    const stored = await get();
    expect(await textOf(stored)).toBe('bar');
    expect(headerOf(stored, 'content-type')).toBe('text/x');
    expect(headerOf(stored, 'x-amz-meta-a')).toBe('b');
    expect(headerOf(stored, 'x-amz-tagging-count')).toBe('1');
  });

  it('replaces metadata with the object', async () => {
    await put('bar', { 'x-amz-meta-a': 'b' });
    await put('bar');
    expect(headerOf(await get(), 'x-amz-meta-a')).toBeUndefined();
  });

  it('answers with the checksum that it verified', async () => {
    const response = await put('bar', { 'x-amz-checksum-crc32': 'dv+nKg==' }).catch((error: unknown) => error);
    expect(response).toMatchObject({ code: 'BadDigest' });
    expect(buckets.photos.store.objects.size).toBe(0);
    const value = Buffer.alloc(4);
    value.writeUInt32BE(crc32('bar'));
    const right = await put('bar', { 'x-amz-checksum-crc32': value.toString('base64') });
    expect(headerOf(right, 'x-amz-checksum-crc32')).toBe(value.toString('base64'));
    expect(headerOf(right, 'x-amz-checksum-type')).toBe('FULL_OBJECT');
  });

  it.each([
    [{ 'x-amz-server-side-encryption': 'AES256' }, 'NotImplemented'],
    [{ 'x-amz-object-lock-mode': 'GOVERNANCE' }, 'InvalidRequest'],
    [{ 'x-amz-acl': 'public-read' }, 'AccessControlListNotSupported'],
    [{ 'x-amz-storage-class': 'DEEP_ARCHIVE' }, 'InvalidStorageClass'],
    [{ 'content-length': String(5 * 1024 ** 3 + 1) }, 'EntityTooLarge'],
    [{ 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==' }, 'BadDigest'],
  ])('stores nothing with %j', async (headers, code) => {
    expect(await codeOf(() => put('bar', headers as Record<string, string>))).toBe(code);
    expect(buckets.photos.store.objects.size).toBe(0);
  });

  it('keeps its conditions', async () => {
    expect((await put('bar', { 'if-none-match': '*' })).status).toBe(200);
    expect(await codeOf(() => put('new', { 'if-none-match': '*' }))).toBe('PreconditionFailed');
    expect(await codeOf(() => put('new', { 'if-match': '"x"' }))).toBe('PreconditionFailed');
    expect((await put('new', { 'if-match': `"${MD5_OF_BAR}"` })).status).toBe(200);
  });

  it('does not pretend conditions or tags on a storage that has none', async () => {
    Object.assign(buckets.photos.store, {
      capabilities: { conditionalWrites: false, tagging: false, multipart: false },
    });
    expect(await codeOf(() => put('bar', { 'if-none-match': '*' }))).toBe('NotImplemented');
    expect(await codeOf(() => put('bar', { 'x-amz-tagging': 'a=b' }))).toBe('NotImplemented');
    expect((await put('bar')).status).toBe(200);
  });
});

describe('DeleteObject', () => {
  it('succeeds twice', async () => {
    await put('bar');
    expect((await remove()).status).toBe(204);
    expect((await remove()).status).toBe(204);
    expect(await codeOf(() => get())).toBe('NoSuchKey');
  });

  it.each([
    [{ headers: { 'if-match': '"x"' } }, 'PreconditionFailed'],
    [{ headers: { 'x-amz-if-match-size': '4' } }, 'PreconditionFailed'],
    [{ headers: { 'x-amz-if-match-last-modified-time': 'Thu, 01 Jan 2015 00:00:00 GMT' } }, 'PreconditionFailed'],
    [{ headers: { 'x-amz-if-match-size': 'x' } }, 'InvalidArgument'],
    [{ query: 'versionId=abc' }, 'NoSuchVersion'],
  ])('leaves the object with %j', async (facts, code) => {
    await put('bar');
    expect(await codeOf(() => remove(facts as Omit<RequestFacts, 'bucket'>))).toBe(code);
    expect(buckets.photos.store.objects.size).toBe(1);
  });

  it('takes the null version for the object', async () => {
    await put('bar');
    await remove({ query: 'versionId=null', headers: { 'x-amz-if-match-size': '3' } });
    expect(buckets.photos.store.objects.size).toBe(0);
  });
});
