import { beforeEach, describe, expect, it } from 'vitest';
import { parseObjectKey } from '../../http/object-key.js';
import type { ObjectInfo } from '../../objects/object-info.js';
import type { XmlElement } from '../../xml/xml-element.js';
import { parseXml } from '../../xml/xml-reader.js';
import type { ObjectContext, Operation } from '../operation.js';
import { ownerNamed } from '../documents/owner.js';
import {
  codeOf,
  contextOf,
  MemoryBuckets,
  textOf,
  type RequestFacts,
} from '../../../test/support/operation-context.js';
import { DeleteObjectTagging } from './delete-object-tagging.js';
import { GetObjectAcl } from './get-object-acl.js';
import { GetObjectAttributes } from './get-object-attributes.js';
import { GetObjectLegalHold } from './get-object-legal-hold.js';
import { GetObjectTagging } from './get-object-tagging.js';
import { PutObjectAcl } from './put-object-acl.js';
import { PutObjectTagging } from './put-object-tagging.js';

const INFO: ObjectInfo = {
  key: parseObjectKey('key'),
  size: 11,
  lastModified: new Date('2024-01-02T03:04:05Z'),
  etag: 'abc-3',
  attributes: { headers: {}, metadata: {}, tags: [] },
  checksum: { algorithm: 'SHA256', type: 'COMPOSITE', value: 'whole-3' },
  parts: [
    { number: 1, size: 5, checksum: 'one' },
    { number: 2, size: 5, checksum: 'two' },
    { number: 3, size: 1, checksum: 'three' },
  ],
};

const ALICE_ID = ownerNamed('alice').id;

let buckets: MemoryBuckets;

beforeEach(() => {
  buckets = new MemoryBuckets();
  buckets.photos.store.set(Buffer.from('hello world'), INFO);
});

async function text(operation: Operation<ObjectContext>, facts: Omit<RequestFacts, 'bucket'> = {}): Promise<string> {
  return textOf(await operation.execute(contextOf({ bucket: buckets.photos, ...facts })));
}

async function attributes(headers: Record<string, string>): Promise<XmlElement> {
  const xml = await text(new GetObjectAttributes(), { headers });
  return parseXml(Buffer.from(xml), 'GetObjectAttributesResponse');
}

async function keysOfTags(): Promise<string[]> {
  const root = parseXml(Buffer.from(await text(new GetObjectTagging())), 'Tagging');
  const tags = root.child('TagSet').children('Tag');
  return tags.map((tag) => `${tag.text('Key')}=${tag.text('Value')}`);
}

function document(tags: string): string {
  return `<Tagging><TagSet>${tags}</TagSet></Tagging>`;
}

describe('GetObjectAttributes', () => {
  const ALL = 'ETag, Checksum,ObjectParts,StorageClass,ObjectSize';

  it('answers what is asked', async () => {
    const root = await attributes({ 'x-amz-object-attributes': ALL });
    expect(root.text('ETag')).toBe('abc-3');
    expect(root.text('ObjectSize')).toBe('11');
    expect(root.text('StorageClass')).toBe('STANDARD');
    expect(root.child('Checksum').text('ChecksumSHA256')).toBe('whole-3');
    expect(root.child('Checksum').text('ChecksumType')).toBe('COMPOSITE');
    const parts = root.child('ObjectParts');
    expect(parts.text('PartsCount')).toBe('3');
    expect(parts.text('IsTruncated')).toBe('false');
    expect(parts.children('Part').map((part) => part.text('ChecksumSHA256'))).toEqual(['one', 'two', 'three']);
  });

  it('answers nothing that is not asked', async () => {
    const root = await attributes({ 'x-amz-object-attributes': 'ObjectSize' });
    expect(root.children().map((element) => element.name)).toEqual(['ObjectSize']);
  });

  it('pages the parts', async () => {
    const headers = { 'x-amz-object-attributes': ALL, 'x-amz-max-parts': '1', 'x-amz-part-number-marker': '1' };
    const parts = (await attributes(headers)).child('ObjectParts');
    expect(parts.children('Part').map((part) => part.text('PartNumber'))).toEqual(['2']);
    expect(parts.text('IsTruncated')).toBe('true');
    expect(parts.text('PartNumberMarker')).toBe('1');
    expect(parts.text('NextPartNumberMarker')).toBe('2');
    expect(parts.text('MaxParts')).toBe('1');
  });

  it('has no parts for an object that was sent whole', async () => {
    const { parts: _parts, checksum: _checksum, ...whole } = INFO;
    buckets.photos.store.set(Buffer.from('hello world'), whole);
    const root = await attributes({ 'x-amz-object-attributes': ALL });
    expect(root.children().map((element) => element.name)).toEqual(['ETag', 'StorageClass', 'ObjectSize']);
  });

  it.each([{}, { 'x-amz-object-attributes': ' , ' }, { 'x-amz-object-attributes': 'Etag' }])(
    'refuses %j',
    async (headers) => {
      expect(await codeOf(() => attributes(headers as Record<string, string>))).toBe('InvalidArgument');
    },
  );
});

describe('object tagging', () => {
  const TAGS = '<Tag><Key>b</Key><Value>1 &amp; 2</Value></Tag><Tag><Key>a</Key><Value></Value></Tag>';
  const ALLOWED = TAGS.replace('&amp;', '+');

  it('gives back what was put, until it is deleted', async () => {
    await text(new PutObjectTagging(), { body: document(ALLOWED) });
    expect(await keysOfTags()).toEqual(['a=', 'b=1 + 2']);
    await text(new DeleteObjectTagging());
    expect(await keysOfTags()).toEqual([]);
  });

  it.each([
    [document(TAGS), 'InvalidTag'],
    [document('<Tag><Key>a</Key></Tag>'), 'MalformedXML'],
    ['', 'MalformedXML'],
    ['<Tagging/>', 'MalformedXML'],
  ])('refuses %s', async (body, code) => {
    expect(await codeOf(() => text(new PutObjectTagging(), { body }))).toBe(code);
    expect(await keysOfTags()).toEqual([]);
  });

  it('is an explicit error where the storage has no tags', async () => {
    Object.assign(buckets.photos.store, { capabilities: { tagging: false } });
    expect(await codeOf(() => keysOfTags())).toBe('NotImplemented');
  });
});

describe('object ACL', () => {
  const policy = (id: string, permission = 'FULL_CONTROL'): string =>
    `<AccessControlPolicy><Owner><ID>${ALICE_ID}</ID></Owner><AccessControlList><Grant>` +
    `<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>${id}</ID></Grantee>` +
    `<Permission>${permission}</Permission></Grant></AccessControlList></AccessControlPolicy>`;

  it('is full control for the owner', async () => {
    const xml = await text(new GetObjectAcl());
    expect(xml).toContain(
      '<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser">' +
        `<ID>${ALICE_ID}</ID><DisplayName>alice</DisplayName></Grantee><Permission>FULL_CONTROL</Permission>`,
    );
    expect(parseXml(Buffer.from(xml), 'AccessControlPolicy').child('Owner').text('ID')).toBe(ALICE_ID);
  });

  it('can be put back as it was read', async () => {
    const body = await text(new GetObjectAcl());
    expect(await codeOf(() => text(new PutObjectAcl(), { body }))).toBeUndefined();
  });

  it.each([
    [{ headers: { 'x-amz-acl': 'private' } }, undefined],
    [{ body: policy(ALICE_ID) }, undefined],
    [{ headers: { 'x-amz-acl': 'public-read' } }, 'AccessControlListNotSupported'],
    [{ body: policy('somebody') }, 'AccessControlListNotSupported'],
    [{ body: policy(ALICE_ID, 'READ') }, 'AccessControlListNotSupported'],
    [{ body: '<AccessControlPolicy/>' }, 'MalformedACLError'],
    [{}, 'MissingSecurityHeader'],
  ])('put %j: %s', async (facts, code) => {
    expect(await codeOf(() => text(new PutObjectAcl(), facts as Omit<RequestFacts, 'bucket'>))).toBe(code);
  });

  it('is not there without the object', async () => {
    expect(await codeOf(() => text(new GetObjectAcl(), { key: 'missing' }))).toBe('NoSuchKey');
  });
});

describe('object lock', () => {
  it('is what the bucket has not', async () => {
    expect(await codeOf(() => text(new GetObjectLegalHold()))).toBe('InvalidRequest');
  });
});
