import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ObjectKey } from '../../src/http/object-key.js';
import type { FileObjectStore } from '../../src/objects/file/file-object-store.js';
import { UploadListing } from '../../src/objects/file/multipart/upload-listing.js';
import type { MultipartStore, UploadInfo, UploadsQuery } from '../../src/objects/multipart-store.js';
import { TreeObjectStore } from '../../src/objects/tree/tree-object-store.js';
import { pageOfUploads } from '../../src/objects/uploads-page.js';
import type { FileDriver } from '../../src/storage/file-driver.js';
import { RESERVED_FOLDER, type StoragePath } from '../../src/storage/storage-path.js';
import { NO_ATTRIBUTES } from '../support/object-bodies.js';
import { makeStorage, type StorageFixture } from '../support/storage-fixture.js';

const EVERYTHING: UploadsQuery = { prefix: '', delimiter: '', keyMarker: '', uploadIdMarker: '', limit: 1000 };
const LONG = 'long/'.repeat(20);

// Keys whose order in UTF-8, as paths and as UTF-16 differs, and some whose beginnings are alike for longer than names of folders tell.
const KEYS = [
  'a',
  'a-b',
  'a/b',
  'a/b',
  'a/c/d',
  'a0',
  'b',
  'é',
  '\uff61',
  '\u{1f600}',
  `${LONG}b`,
  `${LONG}a`,
  `${LONG}a`,
];

const query = fc.record({
  prefix: fc.constantFrom('', 'a', 'a/', 'a/c/', 'l', LONG, `${LONG}a`, '\u{1f600}', 'z'),
  delimiter: fc.constantFrom('', '/', 'g/', '-'),
  keyMarker: fc.constantFrom('', ...KEYS, 'a/', 'a/z', LONG, '\uffff'),
  marked: fc.nat(KEYS.length),
  limit: fc.constantFrom(1, 2, 3, 1000),
});

let fixtures: StorageFixture[];

beforeEach(() => {
  fixtures = [makeStorage(), makeStorage(), makeStorage()];
});

afterEach(() => {
  for (const fixture of fixtures) fixture.close();
});

async function begin(multipart: MultipartStore, keys: readonly string[]): Promise<UploadInfo[]> {
  const uploads: UploadInfo[] = [];
  for (const key of keys) {
    uploads.push(await multipart.create({ key: key as ObjectKey, attributes: NO_ATTRIBUTES, initiator: 'me' }));
  }
  return uploads;
}

async function expectPages(multipart: MultipartStore, uploads: readonly UploadInfo[]): Promise<void> {
  await fc.assert(
    fc.asyncProperty(query, async ({ marked, ...rest }) => {
      const ofKey = uploads.filter(({ key }) => key === rest.keyMarker);
      const asked = { ...rest, uploadIdMarker: ofKey[marked]?.uploadId ?? '' };
      expect(await multipart.listUploads(asked)).toEqual(pageOfUploads(uploads, asked));
    }),
    { numRuns: 300 },
  );
}

describe('a page of uploads', () => {
  it('is that of all of them', async () => {
    const { multipart } = (fixtures[0] as StorageFixture).store();
    await expectPages(multipart, await begin(multipart, KEYS));
  });

  it('is that of all storages of the bucket', async () => {
    const [outer, inner, innermost] = fixtures.map((fixture) => fixture.store()) as [
      FileObjectStore,
      FileObjectStore,
      FileObjectStore,
    ];
    const tree = new TreeObjectStore(outer, [
      { prefix: 'a/c/', store: inner },
      { prefix: 'long/long/', store: innermost },
    ]);
    await expectPages(tree.multipart, await begin(tree.multipart, KEYS.slice(1)));
  });

  it('has no common prefix of uploads that a mount hides', async () => {
    const [outer, inner] = fixtures.map((fixture) => fixture.store()) as [FileObjectStore, FileObjectStore];
    await begin(outer.multipart, ['a/b/1', 'a/b/2', 'c/b/1', 'c/c']);
    const tree = new TreeObjectStore(outer, [
      { prefix: 'a/b/', store: inner },
      { prefix: 'c/b/', store: inner },
    ]);
    const { entries } = await tree.multipart.listUploads({ ...EVERYTHING, delimiter: '/', limit: 1 });
    expect(entries).toEqual([{ kind: 'prefix', prefix: 'c/' }]);
  });

  it('costs what it holds, not what there is', async () => {
    const { driver, store } = fixtures[0] as StorageFixture;
    const keys = Array.from({ length: 300 }, (_, i) => `${i % 2 ? 'odd' : 'even'}/${i}`);
    await begin(store().multipart, keys);
    let looks = 0;
    const reserved = new Proxy(driver.scope(RESERVED_FOLDER), {
      get: (target: FileDriver, name: keyof FileDriver) => {
        const value = target[name];
        if (typeof value !== 'function') return value;
        return (...args: never[]): unknown => {
          if (name === 'readSmall' || name === 'open') looks++;
          return (value as (...args: never[]) => unknown).apply(target, args);
        };
      },
    });
    const [folder] = [...(await reserved.list('uploads' as StoragePath))];
    const listing = new UploadListing(reserved, `uploads/${folder?.slice(0, -1)}` as StoragePath);
    const groups = await listing.page({ ...EVERYTHING, delimiter: '/' });
    expect(groups.entries).toHaveLength(2);
    const page = await listing.page({ ...EVERYTHING, keyMarker: 'even/98', limit: 1 });
    expect(page).toMatchObject({ entries: [{ upload: { key: 'odd/1' } }], truncated: true });
    expect(looks).toBeLessThan(100);
  });
});
