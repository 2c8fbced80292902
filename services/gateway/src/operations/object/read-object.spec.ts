import { beforeEach, describe, expect, it } from 'vitest';
import { ANONYMOUS } from '../../auth/identity.js';
import { parseObjectKey } from '../../http/object-key.js';
import type { S3Response } from '../../http/s3-response.js';
import type { ObjectInfo } from '../../objects/object-info.js';
import {
  codeOf,
  contextOf,
  headerOf,
  MemoryBuckets,
  textOf,
  type RequestFacts,
} from '../../../test/support/operation-context.js';
import { GetObject } from './get-object.js';
import { HeadObject } from './head-object.js';

const MODIFIED = new Date('2024-01-02T03:04:05.678Z');
const INFO: ObjectInfo = {
  key: parseObjectKey('key'),
  size: 11,
  lastModified: MODIFIED,
  etag: 'abc',
  attributes: {
    headers: {
      'content-type': 'text/plain',
      expires: 'soon',
      'cache-control': 'no-cache',
      'x-amz-storage-class': 'STANDARD_IA',
    },
    metadata: { color: 'blue', city: 'K\xc3\xb6ln' },
    tags: [{ key: 'a', value: 'b' }],
  },
  checksum: { algorithm: 'CRC32', type: 'FULL_OBJECT', value: 'AAAAAA==' },
};

let buckets: MemoryBuckets;

beforeEach(() => {
  buckets = new MemoryBuckets();
  buckets.photos.store.set(Buffer.from('hello world'), INFO);
});

async function get(facts: Omit<RequestFacts, 'bucket'> = {}): Promise<S3Response> {
  return await new GetObject().execute(contextOf({ bucket: buckets.photos, ...facts }));
}

async function head(facts: Omit<RequestFacts, 'bucket'> = {}): Promise<S3Response> {
  return await new HeadObject().execute(contextOf({ bucket: buckets.photos, ...facts }));
}

function setParts(): void {
  const checksum = { algorithm: 'SHA256', type: 'COMPOSITE', value: 'whole-2' } as const;
  const parts = [
    { number: 1, size: 6, checksum: 'one' },
    { number: 2, size: 5, checksum: 'two' },
  ];
  buckets.photos.store.set(Buffer.from('hello world'), { ...INFO, checksum, parts });
}

describe('GetObject', () => {
  it('answers with the object and all that is stored with it', async () => {
    const response = await get();
    expect(response.status).toBe(200);
    expect(await textOf(response)).toBe('hello world');
    expect(buckets.photos.store.opened).toBe(0);
    const headers = Object.fromEntries(
      response.headers.flatMap((name, i) => (i % 2 === 0 ? [[name, response.headers[i + 1]]] : [])),
    );
    expect(headers).toEqual({
      'Accept-Ranges': 'bytes',
      'Last-Modified': 'Tue, 02 Jan 2024 03:04:05 GMT',
      ETag: '"abc"',
      'X-Content-Type-Options': 'nosniff',
      'Content-Type': 'text/plain',
      'Content-Length': '11',
      Expires: 'soon',
      'Cache-Control': 'no-cache',
      'x-amz-storage-class': 'STANDARD_IA',
      'x-amz-meta-color': 'blue',
      'x-amz-meta-city': 'K\xc3\xb6ln',
      'x-amz-tagging-count': '1',
    });
  });

  it('has a content type for what was stored without one', async () => {
    buckets.photos.store.set(Buffer.from(''), {
      ...INFO,
      size: 0,
      attributes: { headers: {}, metadata: {}, tags: [] },
    });
    expect(headerOf(await get(), 'content-type')).toBe('binary/octet-stream');
  });

  it('sends a range', async () => {
    const response = await get({ headers: { range: 'bytes=4-7', 'x-amz-checksum-mode': 'ENABLED' } });
    expect(response.status).toBe(206);
    expect(headerOf(response, 'content-range')).toBe('bytes 4-7/11');
    expect(headerOf(response, 'x-amz-checksum-crc32')).toBeUndefined();
    expect(await textOf(response)).toBe('o wo');
  });

  it('sends everything where the range was for another version', async () => {
    const stale = await get({ headers: { range: 'bytes=4-7', 'if-range': '"old"' } });
    expect(stale.status).toBe(200);
    const fresh = await get({ headers: { range: 'bytes=4-7', 'if-range': 'Tue, 02 Jan 2024 03:04:05 GMT' } });
    expect(fresh.status).toBe(206);
  });

  it.each([
    [{ headers: { range: 'bytes=40-50' } }, 'InvalidRange'],
    [{ headers: { 'if-match': '"x"' } }, 'PreconditionFailed'],
    [{ query: 'partNumber=2' }, 'InvalidPartNumber'],
    [{ query: 'partNumber=0' }, 'InvalidArgument'],
    [{ query: 'partNumber=1', headers: { range: 'bytes=0-1' } }, 'InvalidRequest'],
    [{ query: 'versionId=abc' }, 'NoSuchVersion'],
    [{ query: 'response-content-type=text/html', principal: ANONYMOUS }, 'InvalidRequest'],
    [{ headers: { 'x-amz-server-side-encryption-customer-algorithm': 'AES256' } }, 'InvalidRequest'],
    [{ headers: { 'x-amz-server-side-encryption': 'aws:kms' } }, 'InvalidArgument'],
    [{ key: 'missing' }, 'NoSuchKey'],
  ])('refuses %j and leaves nothing open', async (facts, code) => {
    expect(await codeOf(() => get(facts as Omit<RequestFacts, 'bucket'>))).toBe(code);
    expect(buckets.photos.store.opened).toBe(0);
  });

  it('answers 304 with what a cache needs, and closes the object', async () => {
    const response = await get({ headers: { 'if-none-match': '"abc"' } });
    expect(response.status).toBe(304);
    expect(response.body).toBeUndefined();
    expect(headerOf(response, 'etag')).toBe('"abc"');
    expect(headerOf(response, 'cache-control')).toBe('no-cache');
    expect(headerOf(response, 'expires')).toBe('soon');
    expect(buckets.photos.store.opened).toBe(0);
  });

  it('gives one header where a signed link replaces a stored one', async () => {
    const response = await get({ query: 'response-content-type=text/html&response-expires=123&versionId=null' });
    expect(response.headers.filter((text) => text === 'Content-Type')).toHaveLength(1);
    expect(headerOf(response, 'content-type')).toBe('text/html');
    expect(headerOf(response, 'expires')).toBe('123');
    expect(headerOf(response, 'cache-control')).toBe('no-cache');
  });

  it('sends one part, with its checksum and the number of parts', async () => {
    setParts();
    const response = await get({ query: 'partNumber=2', headers: { 'x-amz-checksum-mode': 'ENABLED' } });
    expect(response.status).toBe(206);
    expect(headerOf(response, 'x-amz-mp-parts-count')).toBe('2');
    expect(headerOf(response, 'content-range')).toBe('bytes 6-10/11');
    expect(headerOf(response, 'x-amz-checksum-sha256')).toBe('two');
    expect(headerOf(response, 'x-amz-checksum-type')).toBe('COMPOSITE');
    expect(await textOf(response)).toBe('world');
  });

  it('takes an object that was sent whole for its own first part', async () => {
    const response = await get({ query: 'partNumber=1' });
    expect(response.status).toBe(206);
    expect(headerOf(response, 'x-amz-mp-parts-count')).toBeUndefined();
    expect(await textOf(response)).toBe('hello world');
  });

  it('waits for a store that answers later', async () => {
    const { store } = buckets.photos;
    const slow = Object.assign(Object.create(store) as typeof store, {
      open: async (key: never) => {
        const object = store.open(key);
        return { ...object, read: async (range: never) => object.read(range), close: async () => object.close() };
      },
    });
    const bucket = { ...buckets.photos, store: slow };
    const slowly = async (headers: Record<string, string>): Promise<S3Response> =>
      await new GetObject().execute(contextOf({ bucket, headers }));
    expect(await textOf(await slowly({}))).toBe('hello world');
    expect(await codeOf(() => slowly({ range: 'bytes=99-' }))).toBe('InvalidRange');
    expect((await slowly({ 'if-none-match': '*' })).status).toBe(304);
    expect(store.opened).toBe(0);
  });
});

describe('HeadObject', () => {
  it('has the length of what GetObject would send', async () => {
    expect(headerOf(await head(), 'content-length')).toBe('11');
    const ranged = await head({ headers: { range: 'bytes=0-4' } });
    expect(ranged.status).toBe(206);
    expect(headerOf(ranged, 'content-length')).toBe('5');
    setParts();
    expect(headerOf(await head({ query: 'partNumber=1' }), 'content-length')).toBe('6');
  });

  it('gives the checksum only when asked', async () => {
    expect(headerOf(await head(), 'x-amz-checksum-crc32')).toBeUndefined();
    const asked = await head({ headers: { 'x-amz-checksum-mode': 'enabled' } });
    expect(headerOf(asked, 'x-amz-checksum-crc32')).toBe('AAAAAA==');
    expect(headerOf(asked, 'x-amz-checksum-type')).toBe('FULL_OBJECT');
  });

  it('answers 304 without a length', async () => {
    const response = await head({ headers: { 'if-modified-since': 'Tue, 02 Jan 2024 03:04:05 GMT' } });
    expect(response.status).toBe(304);
    expect(headerOf(response, 'content-length')).toBeUndefined();
  });
});
