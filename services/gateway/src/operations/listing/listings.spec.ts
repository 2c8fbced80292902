import { describe, expect, it } from 'vitest';
import { ALICE, codeOf, contextOf, MemoryBuckets } from '../../../test/support/operation-context.js';
import type { ObjectKey } from '../../http/object-key.js';
import type { ListingEntry, ListQuery, ObjectListing } from '../../objects/listing.js';
import type { ListedObject } from '../../objects/object-info.js';
import type { ObjectStore } from '../../objects/object-store.js';
import type { XmlElement } from '../../xml/xml-element.js';
import { parseXml } from '../../xml/xml-reader.js';
import type { BucketContext, Operation } from '../operation.js';
import { ownerOf } from '../documents/owner.js';
import { ListObjectVersions } from './list-object-versions.js';
import { ListObjects } from './list-objects.js';
import { ListObjectsV2 } from './list-objects-v2.js';
import { PagesAhead } from './pages-ahead.js';

// Keys and expectations follow the listing tests of Ceph's s3-tests.
const FOLDERS = ['asdf', 'boo/bar', 'boo/baz/xyzzy', 'cquux/bla', 'cquux/thud'];
const PLAIN = ['bar', 'baz', 'foo', 'quxx'];

describe.each([
  ['ListObjects', new ListObjects(new PagesAhead()), 'ListBucketResult', 'Contents', ''],
  ['ListObjectsV2', new ListObjectsV2(new PagesAhead()), 'ListBucketResult', 'Contents', 'list-type=2&'],
  ['ListObjectVersions', new ListObjectVersions(), 'ListVersionsResult', 'Version', 'versions&'],
] as const)('%s', (_, operation, root, row, base) => {
  const list = (keys: readonly string[], query = ''): Promise<Page> => page(operation, keys, base + query, root, row);

  it('gives all that a row has', async () => {
    const { xml, keys } = await list(PLAIN);
    expect(keys).toEqual(PLAIN);
    expect(xml.text('Name')).toBe('photos');
    expect(xml.text('MaxKeys')).toBe('1000');
    expect(xml.text('IsTruncated')).toBe('false');
    expect(xml.optionalChild('Delimiter')).toBeUndefined();
    expect(xml.optionalChild('EncodingType')).toBeUndefined();
    const first = xml.children(row)[0] as XmlElement;
    expect(first.text('LastModified')).toBe('2026-01-02T03:04:05.000Z');
    expect(first.text('ETag')).toBe('"0123"');
    expect(first.text('Size')).toBe('7');
    expect(first.text('StorageClass')).toBe('STANDARD');
    expect(first.text('ChecksumAlgorithm')).toBe('CRC64NVME');
    expect(first.text('ChecksumType')).toBe('FULL_OBJECT');
  });

  it.each([
    ['delimiter=%2F', ['asdf'], ['boo/', 'cquux/']],
    ['delimiter=%2F&prefix=boo%2F', ['boo/bar'], ['boo/baz/']],
    ['delimiter=o%2Fb', ['asdf', 'cquux/bla', 'cquux/thud'], ['boo/b']],
    ['delimiter=', FOLDERS, []],
    ['prefix=nothing', [], []],
    ['delimiter=%0A', FOLDERS, []],
  ])('groups by %s', async (query, keys, prefixes) => {
    expect(await list(FOLDERS, query)).toMatchObject({ keys, prefixes });
  });

  it('gives nothing and is at its end for max-keys=0', async () => {
    const { xml, keys } = await list(PLAIN, 'max-keys=0');
    expect(keys).toEqual([]);
    expect(xml.text('IsTruncated')).toBe('false');
    expect(xml.text('MaxKeys')).toBe('0');
  });

  it('encodes what a client asks to have encoded', async () => {
    const keys = ['asdf+b', 'foo+1/bar', 'foo/bar/xyzzy', 'quux ab/thud'];
    const result = await list(keys, 'delimiter=%2F&encoding-type=url');
    expect(result).toMatchObject({ keys: ['asdf%2Bb'], prefixes: ['foo%2B1/', 'foo/', 'quux%20ab/'] });
    expect(result.xml.text('EncodingType')).toBe('url');
    expect(result.xml.text('Delimiter')).toBe('/');
  });

  it('stays well-formed with keys that XML cannot hold', async () => {
    expect((await list(['a\u0001<&>', 'b'])).keys).toEqual(['a\ufffd<&>', 'b']);
  });

  it.each(['max-keys=blah', 'max-keys=-1', 'encoding-type=base64'])('refuses %s', async (query) => {
    expect(await codeOf(() => list(PLAIN, query))).toBe('InvalidArgument');
  });
});

describe('ListObjects', () => {
  it('goes on from NextMarker, also behind a common prefix', async () => {
    const pages = await walk(
      '',
      (xml) => `&marker=${encodeURIComponent(xml.text('NextMarker'))}`,
      new ListObjects(new PagesAhead()),
    );
    expect(pages).toEqual([['asdf'], ['boo/'], ['cquux/']]);
  });

  it.each([
    ['marker=blah', 'blah', ['foo', 'quxx']],
    ['marker=zzz', 'zzz', []],
    ['marker=', '', PLAIN],
    ['', '', PLAIN],
    ['marker=%0A', '\n', PLAIN],
  ])('begins behind %s', async (query, marker, keys) => {
    const result = await page(new ListObjects(new PagesAhead()), PLAIN, query, 'ListBucketResult', 'Contents');
    expect(result.keys).toEqual(keys);
    expect(result.xml.text('Marker')).toBe(marker);
  });

  it('names the owner of every object, and leaves the prefix as it is for boto3', async () => {
    const query = 'prefix=%0A&encoding-type=url&marker=%0A';
    const { xml } = await page(new ListObjects(new PagesAhead()), PLAIN, query, 'ListBucketResult', 'Contents');
    expect(xml.text('Prefix')).toBe('\n');
    expect(xml.text('Marker')).toBe('%0A');
    const rows = (
      await page(new ListObjects(new PagesAhead()), PLAIN, '', 'ListBucketResult', 'Contents')
    ).xml.children('Contents');
    for (const row of rows) expect(row.child('Owner').text('ID')).toBe(ownerOf(ALICE).id);
  });
});

describe('ListObjectsV2', () => {
  const list = (query: string): Promise<Page> =>
    page(new ListObjectsV2(new PagesAhead()), PLAIN, `list-type=2&${query}`, 'ListBucketResult', 'Contents');

  it('goes on from an opaque token', async () => {
    const next = (xml: XmlElement): string => `&continuation-token=${xml.text('NextContinuationToken')}`;
    expect(await walk('list-type=2&', next, new ListObjectsV2(new PagesAhead()))).toEqual([
      ['asdf'],
      ['boo/'],
      ['cquux/'],
    ]);
  });

  it('counts objects and prefixes, and repeats what it was asked', async () => {
    const { xml } = await list('start-after=bar&max-keys=1');
    expect(xml.text('KeyCount')).toBe('1');
    expect(xml.text('StartAfter')).toBe('bar');
    const token = xml.text('NextContinuationToken');
    const second = await list(`start-after=bar&continuation-token=${token}`);
    expect(second.keys).toEqual(['foo', 'quxx']);
    expect(second.xml.text('ContinuationToken')).toBe(token);
    expect(second.xml.text('StartAfter')).toBe('bar');
    expect(second.xml.optionalChild('NextContinuationToken')).toBeUndefined();
  });

  it('takes an empty token for none', async () => {
    const { xml, keys } = await list('continuation-token=');
    expect(keys).toEqual(PLAIN);
    expect(xml.text('ContinuationToken')).toBe('');
  });

  it.each([
    ['', false],
    ['fetch-owner=false', false],
    ['fetch-owner=true', true],
  ])('with %j names the owner: %s', async (query, there) => {
    const { xml } = await list(query);
    expect(xml.children('Contents')[0]?.optionalChild('Owner') !== undefined).toBe(there);
  });

  it.each(['continuation-token=foo', 'continuation-token=..%2F', 'list-type=3'])('refuses %s', async (query) => {
    const operation = new ListObjectsV2(new PagesAhead());
    const asked = query.startsWith('list-type') ? query : `list-type=2&${query}`;
    const refused = (): Promise<Page> => page(operation, PLAIN, asked, 'ListBucketResult', 'Contents');
    expect(await codeOf(refused)).toBe('InvalidArgument');
  });
});

describe('ListObjectVersions', () => {
  const list = (query: string): Promise<Page> =>
    page(new ListObjectVersions(), FOLDERS, `versions&${query}`, 'ListVersionsResult', 'Version');

  it('gives each object as the null version, the latest', async () => {
    const { xml } = await list('');
    for (const version of xml.children('Version')) {
      expect([version.text('VersionId'), version.text('IsLatest')]).toEqual(['null', 'true']);
    }
  });

  it('goes on from the markers of an object or of a common prefix', async () => {
    const first = await list('max-keys=1&delimiter=%2F');
    expect([first.xml.text('NextKeyMarker'), first.xml.text('NextVersionIdMarker')]).toEqual(['asdf', 'null']);
    const second = await list('max-keys=1&delimiter=%2F&key-marker=asdf&version-id-marker=null');
    expect(second.prefixes).toEqual(['boo/']);
    expect(second.xml.text('NextKeyMarker')).toBe('boo/');
    expect(second.xml.optionalChild('NextVersionIdMarker')).toBeUndefined();
    expect((await list('delimiter=%2F&key-marker=boo%2F')).prefixes).toEqual(['cquux/']);
  });

  it.each(['version-id-marker=null', 'key-marker=a&version-id-marker='])('refuses %s', async (query) => {
    expect(await codeOf(() => list(query))).toBe('InvalidArgument');
  });
});

interface Page {
  readonly xml: XmlElement;
  readonly keys: readonly string[];
  readonly prefixes: readonly string[];
}

async function page(
  operation: Operation<BucketContext>,
  keys: readonly string[],
  query: string,
  root: string,
  row: string,
): Promise<Page> {
  const store = { list: (asked: ListQuery) => listKeys(keys, asked) } as unknown as ObjectStore;
  const bucket = { ...new MemoryBuckets().photos, store };
  const { status, body } = await operation.execute(contextOf({ bucket, query }));
  expect(status).toBe(200);
  const xml = parseXml(Buffer.from(body as string), root);
  return {
    xml,
    keys: xml.children(row).map((element) => element.text('Key')),
    prefixes: xml.children('CommonPrefixes').map((element) => element.text('Prefix')),
  };
}

/** All pages of one row each; `next` makes the parameter that goes on. */
async function walk(
  base: string,
  next: (xml: XmlElement) => string,
  operation: Operation<BucketContext>,
): Promise<readonly (readonly string[])[]> {
  const pages: string[][] = [];
  let from = '';
  for (;;) {
    const query = `${base}delimiter=%2F&max-keys=1${from}`;
    const { xml, keys, prefixes } = await page(operation, FOLDERS, query, 'ListBucketResult', 'Contents');
    pages.push([...keys, ...prefixes]);
    if (xml.text('IsTruncated') === 'false') return pages;
    from = next(xml);
  }
}

function listKeys(keys: readonly string[], { prefix, delimiter, startAfter, limit }: ListQuery): ObjectListing {
  const rows = new Map<string, ListingEntry>();
  for (const key of keys) {
    if (!key.startsWith(prefix)) continue;
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const group = end < 0 ? key : key.slice(0, end + delimiter.length);
    if (group > startAfter) {
      rows.set(group, end < 0 ? { kind: 'object', object: listed(key) } : { kind: 'prefix', prefix: group });
    }
  }
  const entries = [...rows.values()];
  return { entries: entries.slice(0, limit), truncated: entries.length > limit };
}

function listed(key: string): ListedObject {
  return {
    key: key as ObjectKey,
    size: 7,
    lastModified: new Date('2026-01-02T03:04:05.678Z'),
    etag: '0123',
    checksumAlgorithm: 'CRC64NVME',
    checksumType: 'FULL_OBJECT',
  };
}
