import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { ObjectKey } from '../../src/http/object-key.js';
import type { ListQuery, ListingEntry } from '../../src/objects/listing.js';
import type { ObjectStore } from '../../src/objects/object-store.js';
import type { MountedStore } from '../../src/objects/tree/mount-table.js';
import { TreeObjectStore } from '../../src/objects/tree/tree-object-store.js';
import { codeOf, get, put } from '../support/object-bodies.js';
import { makeStorage, type StorageFixture } from '../support/storage-fixture.js';

/** More in a search for what is rare: PROPERTY_RUNS=5000. */
const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 60);

// Few letters, so that names meet; with neighbours of the slash, and characters that UTF-16 sorts otherwise than UTF-8.
const LETTERS = ['a', 'b', '-', '.', '0', 'é', '\u{1f600}', '\uff61', '\u{10ffff}', '\u007f'];
const segment = fc.oneof(
  { weight: 9, arbitrary: fc.string({ unit: fc.constantFrom(...LETTERS), minLength: 1, maxLength: 3 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 5 }) },
);
const storable = segment.filter((text) => !/^\.\.?$|[/\0]/.test(text) && text.isWellFormed());
const keys = fc
  .array(
    fc
      .tuple(fc.array(storable, { minLength: 1, maxLength: 4 }), fc.boolean())
      .map(([path, folder]) => path.join('/') + (folder && path.length < 4 ? '/' : '')),
    { maxLength: 25 },
  )
  .map((all) => [...new Set(all)]);
/** Parts of keys, and texts near them. */
const fragment = fc.oneof(
  fc.string({ unit: fc.constantFrom(...LETTERS, '/', '/'), maxLength: 6 }),
  fc.tuple(fc.array(storable, { maxLength: 3 }), fc.constantFrom('', '/')).map(([path, end]) => path.join('/') + end),
);
const delimiter = fc.oneof(
  fc.constant('/'),
  fc.constant(''),
  fc.string({ unit: fc.constantFrom(...LETTERS, '/'), maxLength: 3 }),
);

const bytes = (text: string): Buffer => Buffer.from(text, 'utf8');
const compare = (one: string, other: string): number => Buffer.compare(bytes(one), bytes(other));

/** Whole characters of a text. */
const part = (text: string, start: number, end?: number): string => [...text].slice(start, end).join('');

interface Row {
  readonly kind: 'object' | 'prefix';
  readonly name: string;
}

/** What a listing is: all keys, filtered, grouped, sorted and cut. Folders show where they are grouped only. */
function naive(
  all: readonly string[],
  folders: readonly string[],
  query: ListQuery,
): { rows: Row[]; truncated: boolean } {
  const rows = new Map<string, Row>();
  for (const [name, isKey] of [
    ...all.map((one) => [one, true] as const),
    ...folders.map((one) => [one, false] as const),
  ]) {
    if (!name.startsWith(query.prefix)) continue;
    const cut = query.delimiter === '' ? -1 : name.indexOf(query.delimiter, query.prefix.length);
    if (cut >= 0) {
      const common = name.slice(0, cut + query.delimiter.length);
      rows.set(`prefix ${common}`, { kind: 'prefix', name: common });
    } else if (isKey) rows.set(`object ${name}`, { kind: 'object', name });
  }
  const behind = [...rows.values()]
    .filter((row) => query.startAfter === '' || compare(row.name, query.startAfter) > 0)
    .toSorted((one, other) => compare(one.name, other.name));
  return { rows: behind.slice(0, query.limit), truncated: query.limit > 0 && behind.length > query.limit };
}

const toRow = (entry: ListingEntry): Row =>
  entry.kind === 'prefix' ? { kind: 'prefix', name: entry.prefix } : { kind: 'object', name: entry.object.key };

async function expectPages(
  store: ObjectStore,
  all: readonly string[],
  folders: readonly string[],
  query: ListQuery,
): Promise<void> {
  let { startAfter } = query;
  for (let page = 0; page < 60; page++) {
    const expected = naive(all, folders, { ...query, startAfter });
    const listing = await store.list({ ...query, startAfter });
    expect({ rows: listing.entries.map(toRow), truncated: listing.truncated }).toEqual(expected);
    const last = expected.rows.at(-1);
    if (!expected.truncated || last === undefined) return;
    startAfter = last.name;
  }
}

/** Puts what can be put, and says what that was. */
async function putAll(store: ObjectStore, wanted: readonly string[]): Promise<string[]> {
  const there: string[] = [];
  for (const key of wanted) {
    const code = await codeOf(() => put(store, key, `content of ${key}`));
    if (code === 'none') there.push(key);
    else expect(['ObjectParentIsFile', 'ExistingObjectIsDirectory', 'UnsupportedKey']).toContain(code);
  }
  return there;
}

const queries = fc.array(
  fc.record({
    prefix: fragment,
    delimiter,
    startAfter: fc.oneof(fc.constant(''), fragment),
    limit: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.constant(1000)),
  }),
  { minLength: 1, maxLength: 12 },
);

describe('listing equals the naive model', () => {
  let fixtures: StorageFixture[] = [];
  const fixture = (options = {}): StorageFixture => {
    const made = makeStorage(options);
    fixtures.push(made);
    return made;
  };
  afterEach(() => {
    for (const one of fixtures) one.close();
    fixtures = [];
  });

  it.each(['xattr', 'sidecar'] as const)('for files with any keys (%s)', async (metadata) => {
    const storage = fixture({ metadata });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(keys, queries, async (wanted, asked) => {
        const store = storage.store(`run${run++}`);
        const there = await putAll(store, wanted);
        for (const query of asked) await expectPages(store, there, [], query);
        for (const key of there) expect((await get(store, key)).toString()).toBe(`content of ${key}`);
        // With markers, prefixes and delimiters that are in the keys themselves.
        for (const key of there.slice(0, 5)) {
          const { prefix, delimiter: cut } = asked[0] as ListQuery;
          await expectPages(store, there, [], { prefix: '', delimiter: cut, startAfter: key, limit: 2 });
          await expectPages(store, there, [], {
            prefix: part(key, 0, 2),
            delimiter: '/',
            startAfter: prefix,
            limit: 3,
          });
          await expectPages(store, there, [], { prefix: key, delimiter: cut, startAfter: '', limit: 1 });
        }
      }),
      { numRuns: RUNS },
    );
  });

  it('for a tree with mounts anywhere', async () => {
    const outerStorage = fixture();
    const innerStorage = fixture();
    let run = 0;
    const mountPaths = fc.uniqueArray(
      fc.array(storable, { minLength: 1, maxLength: 3 }).map((path) => `${path.join('/')}/`),
      { maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(
        mountPaths,
        fc.array(keys, { minLength: 5, maxLength: 5 }),
        fc.boolean(),
        queries,
        async (prefixes, contents, hasOuter, asked) => {
          const id = run++;
          const outer = hasOuter || prefixes.length === 0 ? outerStorage.store(`run${id}`) : undefined;
          const mounts: MountedStore[] = prefixes.map((prefix, i) => ({
            prefix,
            store: innerStorage.store(`run${id}/${i}`),
          }));
          const tree = new TreeObjectStore(outer, mounts);
          const visible: string[] = [];
          const stores = [...(outer ? [{ prefix: '', store: outer }] : []), ...mounts];
          for (const [i, { prefix, store }] of stores.entries()) {
            // Keys below, at and above other mounts as well: what they hide must stay hidden.
            const wanted = [
              ...(contents[i] as string[]),
              ...prefixes.flatMap((path) => [`${path}x`, path.slice(0, -1)]),
            ];
            for (const key of await putAll(store, wanted)) {
              if (tree.mounts.holds(store, (prefix + key) as ObjectKey)) visible.push(prefix + key);
            }
          }
          for (const query of asked) await expectPages(tree, visible, prefixes, query);
          for (const prefix of prefixes) {
            for (const limit of [1, 2, 1000]) {
              const around = part(prefix, 0, prefix.length >> 2);
              await expectPages(tree, visible, prefixes, { prefix: '', delimiter: '/', startAfter: '', limit });
              await expectPages(tree, visible, prefixes, { prefix: around, delimiter: '', startAfter: prefix, limit });
              await expectPages(tree, visible, prefixes, { prefix, delimiter: '/', startAfter: '', limit });
              // A delimiter that begins in the mount's name and ends in its keys.
              await expectPages(tree, visible, prefixes, {
                prefix: '',
                delimiter: `${part(prefix, -2)}a`,
                startAfter: '',
                limit,
              });
            }
          }
          for (const key of visible) {
            const placed = tree.mounts.place(key as ObjectKey);
            expect((await get(tree, key)).toString()).toBe(`content of ${placed.key}`);
            const open = await tree.open(key as ObjectKey);
            await open.close();
            expect(open.info.key).toBe(key);
          }
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('asks a mount only for pages that come as far as it', async () => {
    const outer = fixture().store();
    for (let i = 0; i < 20; i++) await put(outer, `a${i}`, '');
    const mounts = Array.from({ length: 5 }, (_, i) => ({ prefix: `m${i}/`, store: fixture().store() }));
    let asked = 0;
    for (const { store } of mounts) {
      await put(store, 'x', '');
      const list = store.list.bind(store);
      store.list = (query) => {
        asked++;
        return list(query);
      };
    }
    const tree = new TreeObjectStore(outer, mounts);
    const query = { prefix: '', delimiter: '', startAfter: '', limit: 5 };
    await tree.list(query);
    expect(asked).toBe(0);
    await tree.list({ ...query, delimiter: '/', limit: 1000 });
    expect(asked).toBe(0);
    await tree.list({ ...query, startAfter: 'm0/', limit: 2 });
    expect(asked).toBe(3);
  });
});
