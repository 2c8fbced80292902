import { beforeEach, describe, expect, it } from 'vitest';
import type { S3Response } from '../../http/s3-response.js';
import { parseObjectKey } from '../../http/object-key.js';
import type { ObjectInfo } from '../../objects/object-info.js';
import { parseXml } from '../../xml/xml-reader.js';
import { access, codeOf, contextOf, MemoryBuckets, textOf } from '../../../test/support/operation-context.js';
import { CopySourceOpener } from '../copy/copy-source-opener.js';
import { CopyObject } from './copy-object.js';

const SOURCE: ObjectInfo = {
  key: parseObjectKey('source'),
  size: 5,
  lastModified: new Date('2024-01-02T00:00:00Z'),
  etag: 'e1',
  attributes: {
    headers: { 'content-type': 'audio/ogg', 'x-amz-storage-class': 'STANDARD_IA' },
    metadata: { key1: 'value1' },
    tags: [{ key: 'a', value: 'b' }],
  },
};

let buckets: MemoryBuckets;

beforeEach(() => {
  buckets = new MemoryBuckets();
  buckets.photos.store.set(Buffer.from('hello'), SOURCE);
  buckets.private.store.set(Buffer.from('secret'), SOURCE);
});

async function copy(headers: Record<string, string> = {}, key = 'target'): Promise<S3Response> {
  const operation = new CopyObject(new CopySourceOpener(buckets, access));
  return operation.execute(
    contextOf({ bucket: buckets.films, key, headers: { 'x-amz-copy-source': 'photos/source', ...headers } }),
  );
}

async function copyOntoItself(headers: Record<string, string>): Promise<S3Response> {
  const operation = new CopyObject(new CopySourceOpener(buckets, access));
  return operation.execute(
    contextOf({ bucket: buckets.photos, key: 'source', headers: { 'x-amz-copy-source': 'photos/source', ...headers } }),
  );
}

function target(): ObjectInfo {
  return buckets.films.store.head(parseObjectKey('target'));
}

describe('CopyObject', () => {
  it('copies bytes, headers, metadata and tags, but not the storage class', async () => {
    const response = await copy();
    const result = parseXml(Buffer.from(await textOf(response)), 'CopyObjectResult');
    expect(result.text('ETag')).toBe('"5d41402abc4b2a76b9719d911017c592"');
    expect(result.text('LastModified')).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(target().attributes).toEqual({ ...SOURCE.attributes, headers: { 'content-type': 'audio/ogg' } });
    expect(buckets.films.store.objects.get('target')?.bytes.toString()).toBe('hello');
    expect(buckets.photos.store.opened).toBe(0);
  });

  it('replaces what its directives say', async () => {
    await copy({ 'x-amz-metadata-directive': 'REPLACE', 'content-type': 'audio/mpeg', 'x-amz-meta-key3': 'value3' });
    expect(target().attributes).toEqual({
      headers: { 'content-type': 'audio/mpeg' },
      metadata: { key3: 'value3' },
      tags: SOURCE.attributes.tags,
    });
    await copy({ 'x-amz-tagging-directive': 'REPLACE', 'x-amz-tagging': 'c=d' });
    expect(target().attributes).toEqual({
      headers: { 'content-type': 'audio/ogg' },
      metadata: { key1: 'value1' },
      tags: [{ key: 'c', value: 'd' }],
    });
  });

  it('computes the checksum that is asked for', async () => {
    const result = parseXml(
      Buffer.from(await textOf(await copy({ 'x-amz-checksum-algorithm': 'CRC32' }))),
      'CopyObjectResult',
    );
    expect(result.text('ChecksumCRC32')).toBe('NhCmhg==');
    expect(result.text('ChecksumType')).toBe('FULL_OBJECT');
  });

  it('changes an object in place, and refuses a copy that would not', async () => {
    expect(await codeOf(() => copyOntoItself({}))).toBe('InvalidRequest');
    await copyOntoItself({ 'x-amz-metadata-directive': 'REPLACE', 'x-amz-meta-foo': 'bar' });
    const info = buckets.photos.store.head(parseObjectKey('source'));
    expect(info.attributes.metadata).toEqual({ foo: 'bar' });
    expect(buckets.photos.store.opened).toBe(0);
  });

  it.each([
    [{ 'x-amz-copy-source': 'private/source' }, 'AccessDenied'],
    [{ 'x-amz-copy-source': 'nowhere/source' }, 'NoSuchBucket'],
    [{ 'x-amz-copy-source': 'photos/missing' }, 'NoSuchKey'],
    [{ 'x-amz-copy-source': 'photos/source?versionId=abc' }, 'NoSuchVersion'],
    [{ 'x-amz-copy-source-if-match': 'x' }, 'PreconditionFailed'],
    [{ 'x-amz-copy-source-if-none-match': '"e1"' }, 'PreconditionFailed'],
    [{ 'x-amz-copy-source-if-modified-since': 'Wed, 03 Jan 2024 00:00:00 GMT' }, 'PreconditionFailed'],
    [{ 'x-amz-copy-source-if-unmodified-since': 'Mon, 01 Jan 2024 00:00:00 GMT' }, 'PreconditionFailed'],
    [{ 'x-amz-source-expected-bucket-owner': '123456789012' }, 'AccessDenied'],
    [{ 'x-amz-metadata-directive': 'MERGE' }, 'InvalidArgument'],
    [{ 'x-amz-acl': 'public-read' }, 'AccessControlListNotSupported'],
    [{ 'x-amz-copy-source-server-side-encryption-customer-algorithm': 'AES256' }, 'InvalidRequest'],
  ])('makes nothing with %j', async (headers, code) => {
    expect(await codeOf(() => copy(headers as Record<string, string>))).toBe(code);
    expect(buckets.films.store.objects.size).toBe(0);
    expect(buckets.photos.store.opened).toBe(0);
  });

  it('keeps the conditions of the target', async () => {
    await copy({ 'if-none-match': '*' });
    expect(await codeOf(() => copy({ 'if-none-match': '*' }))).toBe('PreconditionFailed');
  });

  it('takes conditions of the source that hold', async () => {
    const headers = { 'x-amz-copy-source-if-match': '"e1"', 'x-amz-copy-source-if-none-match': 'ABCORZ' };
    expect((await copy(headers)).status).toBe(200);
  });
});
