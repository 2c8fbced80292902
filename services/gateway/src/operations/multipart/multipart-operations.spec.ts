import { beforeEach, describe, expect, it } from 'vitest';
import type { Snapshot } from '../../config/snapshot.js';
import { SnapshotStore } from '../../config/snapshot-store.js';
import { parseObjectKey } from '../../http/object-key.js';
import type { S3Response } from '../../http/s3-response.js';
import type { XmlElement } from '../../xml/xml-element.js';
import { parseXml } from '../../xml/xml-reader.js';
import {
  access,
  ALICE,
  codeOf,
  contextOf,
  headerOf,
  MemoryBuckets,
  textOf,
  type RequestFacts,
} from '../../../test/support/operation-context.js';
import type { BucketContext, ObjectContext, Operation } from '../operation.js';
import { CopySourceOpener } from '../copy/copy-source-opener.js';
import { AbortMultipartUpload } from './abort-multipart-upload.js';
import { CompleteMultipartUpload } from './complete-multipart-upload.js';
import { CreateMultipartUpload } from './create-multipart-upload.js';
import { ListMultipartUploads } from './list-multipart-uploads.js';
import { ListParts } from './list-parts.js';
import { UploadPartCopy } from './upload-part-copy.js';
import { UploadPart } from './upload-part.js';

const snapshots = new SnapshotStore({ identities: new Map([[ALICE.accessKeyId, ALICE]]) } as unknown as Snapshot);

let buckets: MemoryBuckets;

beforeEach(() => {
  buckets = new MemoryBuckets();
});

type Facts = Omit<RequestFacts, 'bucket'>;

async function run(operation: Operation<ObjectContext> | Operation<BucketContext>, facts: Facts): Promise<S3Response> {
  return await operation.execute(contextOf({ bucket: buckets.photos, ...facts }));
}

async function document(response: Promise<S3Response>, root: string): Promise<XmlElement> {
  return parseXml(Buffer.from(await textOf(await response)), root);
}

async function create(headers: Record<string, string> = {}, key = 'key'): Promise<string> {
  const response = run(new CreateMultipartUpload(), { headers, key });
  return (await document(response, 'InitiateMultipartUploadResult')).text('UploadId');
}

async function upload(uploadId: string, number: number | string, body: string, headers = {}): Promise<string> {
  const query = `partNumber=${number}&uploadId=${uploadId}`;
  return headerOf(await run(new UploadPart(), { query, body, headers }), 'etag') ?? '';
}

async function copyPart(uploadId: string, headers: Record<string, string>): Promise<S3Response> {
  const operation = new UploadPartCopy(new CopySourceOpener(buckets, access));
  return run(operation, { query: `partNumber=1&uploadId=${uploadId}`, headers });
}

async function complete(uploadId: string, parts: string, headers: Record<string, string> = {}): Promise<S3Response> {
  const body = `<CompleteMultipartUpload>${parts}</CompleteMultipartUpload>`;
  const host = { host: 's3.example.com' };
  return run(new CompleteMultipartUpload(), {
    query: `uploadId=${uploadId}`,
    body,
    headers: { ...host, ...headers },
  });
}

function part(number: number | string, etag: string, more = ''): string {
  return `<Part><ETag>${etag}</ETag><PartNumber>${number}</PartNumber>${more}</Part>`;
}

async function listUploads(query: string): Promise<XmlElement> {
  return document(run(new ListMultipartUploads(snapshots), { query }), 'ListMultipartUploadsResult');
}

describe('a multipart upload', () => {
  it('becomes an object of its parts, with what its creation said', async () => {
    const uploadId = await create({ 'content-type': 'text/x', 'x-amz-meta-a': 'b', 'x-amz-tagging': 'c=d' });
    const two = await upload(uploadId, 2, 'world');
    const one = await upload(uploadId, 1, 'hello ');
    const result = await document(complete(uploadId, part(1, one) + part(2, two)), 'CompleteMultipartUploadResult');
    expect(result.text('Location')).toBe('http://s3.example.com/photos/key');
    expect(result.text('ETag')).toMatch(/^"[0-9a-f]{32}-2"$/);
    const stored = buckets.photos.store.objects.get('key');
    expect(stored?.bytes.toString()).toBe('hello world');
    expect(stored?.info.attributes).toEqual({
      headers: { 'content-type': 'text/x' },
      metadata: { a: 'b' },
      tags: [{ key: 'c', value: 'd' }],
    });
  });

  it('is gone once aborted', async () => {
    const uploadId = await create();
    expect((await run(new AbortMultipartUpload(), { query: `uploadId=${uploadId}` })).status).toBe(204);
    expect(await codeOf(() => upload(uploadId, 1, 'x'))).toBe('NoSuchUpload');
  });

  it.each(['', '..', '../../etc', 'a/b', 'a%00b', 'a%5Cb', 'abc1234def'])('has not the id %j', async (uploadId) => {
    expect(await codeOf(() => upload(uploadId, 1, 'x'))).toBe('NoSuchUpload');
    expect(await codeOf(() => complete(uploadId, part(1, 'x')))).toBe('NoSuchUpload');
    const query = `uploadId=${uploadId}`;
    expect(await codeOf(() => run(new AbortMultipartUpload(), { query }))).toBe('NoSuchUpload');
    expect(await codeOf(() => run(new ListParts(snapshots), { query }))).toBe('NoSuchUpload');
  });
});

describe('CreateMultipartUpload', () => {
  it('answers with the checksum that parts will have', async () => {
    const response = await run(new CreateMultipartUpload(), { headers: { 'x-amz-checksum-algorithm': 'crc64nvme' } });
    expect(headerOf(response, 'x-amz-checksum-algorithm')).toBe('CRC64NVME');
    expect(headerOf(response, 'x-amz-checksum-type')).toBe('FULL_OBJECT');
  });

  it.each([
    [{ 'x-amz-checksum-algorithm': 'MD4' }, 'InvalidRequest'],
    [{ 'x-amz-checksum-algorithm': 'SHA256', 'x-amz-checksum-type': 'FULL_OBJECT' }, 'InvalidRequest'],
    [{ 'x-amz-server-side-encryption': 'aws:kms' }, 'NotImplemented'],
    [{ 'x-amz-acl': 'public-read' }, 'AccessControlListNotSupported'],
  ])('refuses %j', async (headers, code) => {
    expect(await codeOf(() => create(headers as Record<string, string>))).toBe(code);
    expect(buckets.photos.store.multipart.uploads.size).toBe(0);
  });

  it('is an explicit error where the storage has none', async () => {
    Object.assign(buckets.photos.store, { capabilities: { multipart: false } });
    expect(await codeOf(() => create())).toBe('NotImplemented');
  });
});

describe('UploadPart', () => {
  it.each(['0', '10001', 'x', '-1'])('refuses the part number %s', async (number) => {
    const uploadId = await create();
    expect(await codeOf(() => upload(uploadId, number, 'x'))).toBe('InvalidArgument');
  });

  it('computes the checksum of its upload, and takes no other', async () => {
    const uploadId = await create({ 'x-amz-checksum-algorithm': 'CRC32' });
    const query = `partNumber=1&uploadId=${uploadId}`;
    const response = await run(new UploadPart(), { query, body: 'hello' });
    expect(headerOf(response, 'x-amz-checksum-crc32')).toBe('NhCmhg==');
    const sha1 = { 'x-amz-checksum-sha1': 'qvTGHdzF6KLavt4PO0gs2a6pQ00=' };
    expect(await codeOf(() => upload(uploadId, 1, 'hello', sha1))).toBe('InvalidRequest');
  });

  it('refuses more than 5 GiB before reading', async () => {
    const uploadId = await create();
    const headers = { 'content-length': String(5 * 1024 ** 3 + 1) };
    expect(await codeOf(() => upload(uploadId, 1, 'x', headers))).toBe('EntityTooLarge');
  });
});

describe('UploadPartCopy', () => {
  beforeEach(() => {
    for (const bucket of [buckets.films, buckets.private]) {
      bucket.store.set(Buffer.from('hello world'), {
        key: parseObjectKey('source'),
        size: 11,
        lastModified: new Date(),
        etag: 'e1',
        attributes: { headers: {}, metadata: {}, tags: [] },
      });
    }
  });

  it.each([
    [{}, '5eb63bbbe01eeed093cb22bb8f5acdc3'],
    [{ 'x-amz-copy-source-range': 'bytes=0-4' }, '5d41402abc4b2a76b9719d911017c592'],
  ])('copies with %j', async (headers, md5) => {
    const uploadId = await create();
    const response = copyPart(uploadId, { 'x-amz-copy-source': 'films/source', ...headers });
    expect((await document(response, 'CopyPartResult')).text('ETag')).toBe(`"${md5}"`);
    expect(buckets.films.store.opened).toBe(0);
  });

  it.each([
    [{ 'x-amz-copy-source-range': 'bytes=0-11' }, 'InvalidRange'],
    [{ 'x-amz-copy-source-range': '0-2' }, 'InvalidArgument'],
    [{ 'x-amz-copy-source': 'private/source' }, 'AccessDenied'],
    [{ 'x-amz-copy-source': 'films/missing' }, 'NoSuchKey'],
    [{ 'x-amz-copy-source-if-match': 'x' }, 'PreconditionFailed'],
  ])('refuses %j', async (headers, code) => {
    const uploadId = await create();
    const action = (): Promise<S3Response> => copyPart(uploadId, { 'x-amz-copy-source': 'films/source', ...headers });
    expect(await codeOf(action)).toBe(code);
    expect(buckets.films.store.opened).toBe(0);
  });
});

describe('CompleteMultipartUpload', () => {
  it.each([
    ['', 'MalformedXML'],
    [part(2, 'x') + part(1, 'x'), 'InvalidPartOrder'],
    [part(1, 'x') + part(1, 'x'), 'InvalidPartOrder'],
    [part(1, 'ffffffffffffffffffffffffffffffff'), 'InvalidPart'],
    [part(9999, 'x'), 'InvalidPart'],
    [part(0, 'x'), 'InvalidArgument'],
    [part('x', 'x'), 'InvalidArgument'],
    ['<Part><PartNumber>1</PartNumber></Part>', 'MalformedXML'],
    [Array.from({ length: 10_001 }, (_, i) => part(i + 1, 'x')).join(''), 'MalformedXML'],
  ])('refuses the parts %.60s', async (parts, code) => {
    const uploadId = await create();
    await upload(uploadId, 1, 'x');
    expect(await codeOf(() => complete(uploadId, parts))).toBe(code);
    expect(buckets.photos.store.objects.size).toBe(0);
  });

  it('takes a checksum for the object’s, not its document’s', async () => {
    const uploadId = await create();
    const etag = await upload(uploadId, 1, 'x');
    const headers = { 'x-amz-checksum-crc32': 'AAAAAA==', 'x-amz-checksum-type': 'FULL_OBJECT' };
    expect((await complete(uploadId, part(1, etag), headers)).status).toBe(200);
  });

  it('keeps its conditions', async () => {
    const uploadId = await create();
    const etag = await upload(uploadId, 1, 'x');
    expect(await codeOf(() => complete(uploadId, part(1, etag), { 'if-match': '*' }))).toBe('NoSuchKey');
    expect((await complete(uploadId, part(1, etag), { 'if-none-match': '*' })).status).toBe(200);
  });

  it.each([{ 'x-amz-mp-object-size': '-1' }, { 'x-amz-mp-object-size': '1e3' }])('refuses %j', async (headers) => {
    const uploadId = await create();
    expect(await codeOf(() => complete(uploadId, part(1, 'x'), headers))).toBe('InvalidArgument');
  });
});

describe('ListParts', () => {
  it('pages', async () => {
    const uploadId = await create({ 'x-amz-checksum-algorithm': 'CRC32' });
    for (const number of [3, 1, 2]) await upload(uploadId, number, 'hello');
    const list = (query: string): Promise<XmlElement> =>
      document(run(new ListParts(snapshots), { query: `uploadId=${uploadId}&${query}` }), 'ListPartsResult');
    const first = await list('max-parts=2');
    expect(first.children('Part').map((row) => row.text('PartNumber'))).toEqual(['1', '2']);
    expect(first.children('Part')[0]?.text('ChecksumCRC32')).toBe('NhCmhg==');
    expect(first.text('IsTruncated')).toBe('true');
    expect(first.text('NextPartNumberMarker')).toBe('2');
    expect(first.text('ChecksumAlgorithm')).toBe('CRC32');
    expect(first.child('Initiator').text('DisplayName')).toBe('alice');
    const second = await list('part-number-marker=2');
    expect(second.children('Part').map((row) => row.text('PartNumber'))).toEqual(['3']);
    expect(second.text('IsTruncated')).toBe('false');
    const none = await list('max-parts=0');
    expect(none.children('Part')).toHaveLength(0);
    expect(none.text('IsTruncated')).toBe('false');
    expect(await codeOf(() => list('max-parts=x'))).toBe('InvalidArgument');
    expect(await codeOf(() => list('part-number-marker=-1'))).toBe('InvalidArgument');
  });
});

describe('ListMultipartUploads', () => {
  it('lists uploads and common prefixes, and pages', async () => {
    for (const key of ['a', 'b/1', 'b/2', 'c d']) await create({}, key);
    const all = await listUploads('delimiter=/&encoding-type=url');
    expect(all.children('Upload').map((row) => row.text('Key'))).toEqual(['a', 'c%20d']);
    expect(all.children('CommonPrefixes').map((row) => row.text('Prefix'))).toEqual(['b/']);
    expect(all.text('EncodingType')).toBe('url');
    expect(all.optionalText('NextKeyMarker')).toBeUndefined();
    expect(all.children('Upload')[0]?.child('Owner').text('DisplayName')).toBe('alice');
    const page = await listUploads('max-uploads=1&prefix=b/');
    expect(page.text('IsTruncated')).toBe('true');
    expect(page.text('NextKeyMarker')).toBe('b/1');
    expect(page.text('NextUploadIdMarker')).toBe(page.child('Upload').text('UploadId'));
    const rest = await listUploads('key-marker=b/1&prefix=b/');
    expect(rest.children('Upload').map((row) => row.text('Key'))).toEqual(['b/2']);
  });

  it.each(['max-uploads=-1', 'encoding-type=base64'])('refuses %s', async (query) => {
    expect(await codeOf(() => listUploads(query))).toBe('InvalidArgument');
  });
});
