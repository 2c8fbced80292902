import { hash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { parseObjectKey } from '../../http/object-key.js';
import { NO_CONDITIONS } from '../../objects/conditions.js';
import type { XmlElement } from '../../xml/xml-element.js';
import { parseXml } from '../../xml/xml-reader.js';
import { bodyOf } from '../../../test/support/memory-object-store.js';
import { access, ALICE, codeOf, contextOf, MemoryBuckets, textOf } from '../../../test/support/operation-context.js';
import { DeleteObjects } from './delete-objects.js';

let buckets: MemoryBuckets;

beforeEach(async () => {
  buckets = new MemoryBuckets();
  for (const name of ['a', 'b', 'c & d']) {
    await buckets.photos.store.put({
      key: parseObjectKey(name),
      body: bodyOf('bar'),
      attributes: { headers: {}, metadata: {}, tags: [] },
      conditions: NO_CONDITIONS,
    });
  }
});

function digest(body: string): Record<string, string> {
  return { 'content-md5': hash('md5', body, 'base64') };
}

async function remove(objects: string, headers?: Record<string, string>): Promise<XmlElement> {
  const body = `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${objects}</Delete>`;
  const context = contextOf({ bucket: buckets.photos, query: 'delete', body, headers: headers ?? digest(body) });
  const response = await new DeleteObjects(access).execute(context);
  expect(response.status).toBe(200);
  return parseXml(Buffer.from(await textOf(response)), 'DeleteResult');
}

function object(key: string, more = ''): string {
  return `<Object><Key>${key}</Key>${more}</Object>`;
}

function keys(result: XmlElement, kind: 'Deleted' | 'Error'): string[] {
  return result.children(kind).map((row) => row.text('Key'));
}

function many(count: number): string {
  return Array.from({ length: count }, (_, i) => object(`key-${i}`)).join('');
}

function remaining(): string[] {
  return [...buckets.photos.store.objects.keys()];
}

describe('DeleteObjects', () => {
  it('deletes what it names, there or not, twice or not', async () => {
    const result = await remove([object('a'), object('c &amp; d'), object('missing'), object('a')].join(''));
    expect(keys(result, 'Deleted')).toEqual(['a', 'c & d', 'missing', 'a']);
    expect(keys(result, 'Error')).toEqual([]);
    expect(remaining()).toEqual(['b']);
  });

  it('answers only errors when it is to be quiet', async () => {
    const result = await remove(`<Quiet>true</Quiet>${object('a')}${object('b', '<VersionId>x</VersionId>')}`);
    expect(keys(result, 'Deleted')).toEqual([]);
    expect(result.child('Error').text('Code')).toBe('NoSuchVersion');
    expect(remaining()).toEqual(['b', 'c & d']);
  });

  it('authorizes each key', async () => {
    const grants = [{ accessKeyId: ALICE.accessKeyId, permissions: new Set(['write'] as const), prefix: 'a' }];
    Object.assign(buckets.photos, { mapping: { ...buckets.photos.mapping, grants } });
    const result = await remove(object('a') + object('b'));
    expect(keys(result, 'Deleted')).toEqual(['a']);
    expect(result.child('Error').text('Key')).toBe('b');
    expect(result.child('Error').text('Code')).toBe('AccessDenied');
    expect(remaining()).toEqual(['b', 'c & d']);
  });

  it.each([
    '<ETag>badetag</ETag>',
    '<Size>9999</Size>',
    '<LastModifiedTime>Thu, 01 Jan 2015 00:00:00 GMT</LastModifiedTime>',
    '<LastModifiedTime>2015-01-01T00:00:00Z</LastModifiedTime>',
  ])('keeps an object on which %s does not hold', async (condition) => {
    const result = await remove(object('a', condition));
    expect(result.child('Error').text('Code')).toBe('PreconditionFailed');
    expect(remaining()).toContain('a');
  });

  it('deletes an object on which a condition holds', async () => {
    await remove(object('a', `<ETag>"${hash('md5', 'bar')}"</ETag><Size>3</Size><VersionId>null</VersionId>`));
    expect(remaining()).not.toContain('a');
  });

  it('refuses one bad key, not the others', async () => {
    const result = await remove(object('k'.repeat(1025)) + object('a'));
    expect(result.child('Error').text('Code')).toBe('KeyTooLongError');
    expect(keys(result, 'Deleted')).toEqual(['a']);
  });

  it('takes 1,000 keys and no more', async () => {
    expect(keys(await remove(many(1000)), 'Deleted')).toHaveLength(1000);
    expect(await codeOf(() => remove(many(1001)))).toBe('MalformedXML');
  });

  it('needs a digest that is right', async () => {
    expect(await codeOf(() => remove(object('a'), {}))).toBe('InvalidRequest');
    expect(await codeOf(() => remove(object('a'), digest('other')))).toBe('BadDigest');
    expect(remaining()).toContain('a');
  });

  it.each([
    '',
    '<Object></Object>',
    '<Object><Key>a</Key><Key>b</Key></Object>',
    '<Object>',
    '<!-- --><Quiet>true</Quiet>',
  ])('refuses the document %j', async (objects) => {
    expect(await codeOf(() => remove(objects))).toBe('MalformedXML');
    expect(remaining()).toHaveLength(3);
  });
});
