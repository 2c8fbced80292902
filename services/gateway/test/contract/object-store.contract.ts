import { hash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { computeChecksum } from '../../src/checksums/checksum-calculator.js';
import type { ObjectKey } from '../../src/http/object-key.js';
import type { CompletedPart, UploadInfo } from '../../src/objects/multipart-store.js';
import type { ObjectAttributes, ObjectInfo } from '../../src/objects/object-info.js';
import type { ObjectStore } from '../../src/objects/object-store.js';
import {
  bodyOfBytes,
  codeOf,
  get,
  getWhole,
  listAll,
  NO_ATTRIBUTES,
  put,
  readAll,
  type BodyShape,
} from '../support/object-bodies.js';

/** Who write one key at once; fewer where each write takes so long that the last would wait beyond a lock's patience. */
const WRITERS = Number(process.env['BUCKETWAY_TEST_WRITERS'] ?? 100);

/** An empty store. */
export interface StoreUnderTest {
  readonly store: ObjectStore;
  /** The same bucket as another gateway sees it; the store itself where there is none. */
  readonly other?: ObjectStore;
  /** Whether keys are files: then `a` and `a/b` exclude each other, and some keys are refused. */
  readonly hierarchical: boolean;
  /**
   * The objects are another S3's: its limits of metadata and tags apply, a put does not tell the time it was stamped with, and
   * uploads are begun by this gateway, whoever asked for them.
   */
  readonly upstream?: boolean;
  /** Tests that the server behind it is known to fail, by title, and why: what it does is all that can be had of it. */
  readonly limits?: ReadonlyMap<string, string>;
  /** How often a test overwrites a key at most, where that takes long: a storage that tells versions apart by the second takes one each. */
  readonly overwrites?: number;
  /** False where names that begin with a dot are not listed: then keys with one are refused, objects of folders too, and empty folders stay. */
  readonly dotNames?: boolean;
  close(): Promise<void> | void;
}

const MIB = 1024 * 1024;
const LISTED_IN_PAGES = 'are listed in pages, by key and then by time';
const MIN = 5 * MIB;

/** Bytes that tell where they are. */
function content(size: number, seed = 0): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at + 4 <= size; at += 4096) bytes.writeUInt32LE((at ^ (seed * 0x9e3779b1)) >>> 0, at);
  if (size > 0) bytes[size - 1] = seed;
  return bytes;
}

/** What every {@link ObjectStore} must do; its capabilities decide what is asked of it. */
export function objectStoreContract(name: string, makeStore: () => Promise<StoreUnderTest> | StoreUnderTest): void {
  describe(`ObjectStore: ${name}`, () => {
    let made: StoreUnderTest;
    let store: ObjectStore;
    let other: ObjectStore;

    beforeEach(async (context) => {
      made = await makeStore();
      const limit = made.limits?.get(context.task.name);
      if (limit !== undefined) context.skip(limit);
      store = made.store;
      other = made.other ?? store;
    });
    afterEach(() => made.close());

    const key = (text: string): ObjectKey => text as ObjectKey;
    const remove = (text: string, conditions = {}): Promise<string> =>
      codeOf(() => store.delete(key(text), conditions));

    describe('put, head and get', () => {
      const attributes: ObjectAttributes = {
        headers: { 'content-type': 'text/x-test', 'cache-control': 'no-cache' },
        // UTF-8, one char a byte, as a header brings it.
        metadata: { one: '1', __proto__x: Buffer.from('ü').toString('latin1') },
        tags: [{ key: 'a', value: 'b' }],
      };

      it('give back what was put, also from another gateway', async () => {
        const info = await put(store, 'dir/object.txt', 'content', { attributes });
        expect(info).toMatchObject({ key: 'dir/object.txt', size: 7, etag: hash('md5', 'content') });
        const head = await other.head(key('dir/object.txt'));
        expect(head).toMatchObject({ key: 'dir/object.txt', size: 7, etag: info.etag });
        if (!made.upstream) expect(head.lastModified).toEqual(info.lastModified);
        expect(head.attributes.headers).toEqual(attributes.headers);
        expect(head.attributes.metadata).toEqual(attributes.metadata);
        if (store.capabilities.tagging) expect(head.attributes.tags).toEqual(attributes.tags);
        const open = await other.open(key('dir/object.txt'));
        expect(open.info).toEqual(head);
        expect((await readAll(open)).toString()).toBe('content');
      });

      it('keep a checksum', async (context) => {
        if (store.capabilities.checksums === false) context.skip('no checksums');
        const value = computeChecksum('CRC32', Buffer.from('x')).toString('base64');
        const checksum = { algorithm: 'CRC32', type: 'FULL_OBJECT', value } as const;
        const body = bodyOfBytes('x');
        await store.put({
          key: key('c'),
          attributes: NO_ATTRIBUTES,
          conditions: {},
          body: { length: 1, transfer: async (sink) => ({ ...(await body.transfer(sink)), checksum }) },
        });
        expect((await other.head(key('c'))).checksum).toEqual(checksum);
        const { entries } = await other.list({ prefix: '', delimiter: '', startAfter: '', limit: 1 });
        if (made.upstream) return;
        expect(entries[0]).toMatchObject({ object: { checksumAlgorithm: 'CRC32', checksumType: 'FULL_OBJECT' } });
      });

      it.each([0, 1, 4096, MIB, 3 * MIB + 17])('take an object of %i bytes', async (size) => {
        const bytes = content(size, 1);
        const info = await put(store, 'sized', bytes);
        expect(info.etag).toBe(hash('md5', bytes));
        expect((await get(other, 'sized')).equals(bytes)).toBe(true);
      });

      it('read any range', async () => {
        const bytes = content(300_000, 2);
        await put(store, 'ranged', bytes);
        for (const [start, end] of [
          [0, 1],
          [0, 300_000],
          [299_999, 300_000],
          [4095, 4097],
          [100, 250_000],
        ] as const) {
          const part = await readAll(await other.open(key('ranged')), start, end);
          expect(part.equals(bytes.subarray(start, end))).toBe(true);
        }
      });

      it('replace an object whole: bytes, attributes and tags', async () => {
        await put(store, 'o', 'old', { attributes });
        await put(store, 'o', 'new!');
        const head = await other.head(key('o'));
        expect(head).toMatchObject({ size: 4, etag: hash('md5', 'new!') });
        expect(head.attributes).toMatchObject({ headers: {}, metadata: {}, tags: [] });
      });

      it('keep metadata that is no UTF-8, or refuse it', async () => {
        const metadata = { latin1: '\u00fc' };
        const code = await codeOf(() => put(store, 'm', 'x', { attributes: { ...NO_ATTRIBUTES, metadata } }));
        if (code === 'none') expect((await other.head(key('m'))).attributes.metadata).toEqual(metadata);
        else expect([code, made.upstream]).toEqual(['InvalidArgument', true]);
      });

      it('keep metadata that no extended attribute holds', async (context) => {
        if (made.upstream) context.skip('more than S3 takes');
        const metadata = { large: 'x'.repeat(60_000) };
        await put(store, 'm', 'x', { attributes: { ...NO_ATTRIBUTES, metadata } });
        expect((await other.head(key('m'))).attributes.metadata).toEqual(metadata);
        const { entries } = await other.list({ prefix: '', delimiter: '', startAfter: '', limit: 1 });
        expect(entries[0]).toMatchObject({ object: { etag: hash('md5', 'x') } });
        await put(store, 'm', 'x');
        expect((await other.head(key('m'))).attributes.metadata).toEqual({});
      });

      it('know of nothing that is not there', async () => {
        await put(store, 'a/b', 'x');
        for (const absent of ['nothing', 'a', 'a/', 'a/b/c', 'a/b/', 'a/bc']) {
          expect(await codeOf(() => store.head(key(absent)))).toBe('NoSuchKey');
          expect(await codeOf(() => store.open(key(absent)))).toBe('NoSuchKey');
        }
      });

      it.each([0, 1, 3])('leave the old object where a body breaks off in piece %i', async (piece) => {
        await put(store, 'o', 'old');
        for (let i = 0; i < 5; i++) {
          const body = bodyOfBytes(content(4 * MIB), { breakAt: piece * MIB + 1 });
          const broken = store.put({ key: key('o'), body, attributes: NO_ATTRIBUTES, conditions: {} });
          const meanwhile = put(store, `p${i}`, content(2 * MIB, i));
          expect(await codeOf(() => broken)).toContain('the client went away');
          await meanwhile;
        }
        expect((await get(other, 'o')).toString()).toBe('old');
        for (let i = 0; i < 5; i++) expect((await get(other, `p${i}`)).equals(content(2 * MIB, i))).toBe(true);
      });
    });

    describe('delete', () => {
      it('removes an object, once or often', async () => {
        await put(store, 'a/b/c', 'x');
        expect(await remove('a/b/c')).toBe('none');
        expect(await codeOf(() => other.head(key('a/b/c')))).toBe('NoSuchKey');
        expect(await remove('a/b/c')).toBe('none');
        expect(await remove('never/was')).toBe('none');
        expect(await listAll(other, { delimiter: '/' })).toEqual(made.dotNames === false ? ['a/'] : []);
        expect(await listAll(other)).toEqual([]);
      });

      it('does not take what lies below a key', async () => {
        await put(store, 'a/b', 'x');
        for (const above of ['a', 'a/']) expect(await remove(above)).toBe('none');
        expect(await listAll(other)).toEqual(['a/b']);
      });
    });

    describe('folder objects', () => {
      it('are objects of their own, empty or not', async () => {
        if (made.dotNames === false) {
          expect(await codeOf(() => put(store, 'd/', ''))).toBe('UnsupportedKey');
          expect(await codeOf(() => put(store, 'd/.hidden', ''))).toBe('UnsupportedKey');
          return;
        }
        await put(store, 'd/', '');
        await put(store, 'e/', 'body');
        await put(store, 'd/f', 'x');
        expect((await get(other, 'd/')).length).toBe(0);
        expect((await get(other, 'e/')).toString()).toBe('body');
        expect(await listAll(other)).toEqual(['d/', 'd/f', 'e/']);
        expect(await listAll(other, { delimiter: '/' })).toEqual(['d/', 'e/']);
        expect(await listAll(other, { prefix: 'd/', delimiter: '/' })).toEqual(['d/', 'd/f']);
        await remove('d/f');
        expect(await listAll(other)).toEqual(['d/', 'e/']);
        await put(store, 'd/f', 'x');
        await remove('d/');
        expect(await listAll(other)).toEqual(['d/f', 'e/']);
        await remove('e/');
        expect(await listAll(other, { delimiter: '/' })).toEqual(['d/']);
      });

      it('exclude a file of their name where keys are files', async (context) => {
        if (!made.hierarchical) context.skip('keys are not files');
        await put(store, 'f', 'x');
        if (made.dotNames !== false) expect(await codeOf(() => put(store, 'f/', ''))).toBe('ObjectParentIsFile');
        expect(await codeOf(() => put(store, 'f/g', ''))).toBe('ObjectParentIsFile');
        await put(store, 'd/g', 'x');
        expect(await codeOf(() => put(store, 'd', 'x'))).toBe('ExistingObjectIsDirectory');
        expect(await codeOf(() => put(store, 'd', 'x', { conditions: { ifNoneMatch: '*' } }))).toBe(
          'ExistingObjectIsDirectory',
        );
        expect(await listAll(other)).toEqual(['d/g', 'f']);
      });
    });

    describe('keys', () => {
      it.each(['..', '.', '../x', 'a/../b', 'a/./b', 'a//b', '/a', '//', '/', '.bucketway/x', 'a/.bucketway-folder'])(
        'that no file can have (%j) are refused, or kept apart',
        async (odd) => {
          await put(store, 'b', 'untouched');
          const code = await codeOf(() => put(store, odd, 'odd'));
          if (code === 'none') expect((await get(other, odd)).toString()).toBe('odd');
          else expect(code).toBe('UnsupportedKey');
          expect((await get(other, 'b')).toString()).toBe('untouched');
        },
      );

      it('may have segments of 255 bytes, and not of 256 where keys are files', async () => {
        const long = 'ü'.repeat(127) + 'x';
        await put(store, `a/${long}`, 'x');
        expect(await listAll(other)).toEqual([`a/${long}`]);
        if (!made.hierarchical) return;
        for (const tooLong of [`${long}x`, `a/${long}x`, `${long}x/a`]) {
          expect(await codeOf(() => put(store, tooLong, 'x'))).toBe('KeyTooLongError');
        }
      });

      it('of the same look are different keys', async () => {
        await put(store, '\u00e9', 'composed');
        await put(store, 'e\u0301', 'decomposed');
        await put(store, 'E', 'upper');
        await put(store, 'e', 'lower');
        expect((await get(other, '\u00e9')).toString()).toBe('composed');
        expect((await get(other, 'e\u0301')).toString()).toBe('decomposed');
        expect((await get(other, 'E')).toString()).toBe('upper');
        expect(await listAll(other)).toEqual(['E', 'e', 'e\u0301', '\u00e9']);
      });

      it.each([
        'constructor',
        '__proto__',
        'a\\..\\b',
        'a\nb',
        '%2e%2e',
        '-rf',
        ' ',
        'a\u0001',
        '*',
        '\u007f',
        'a+b c',
      ])('may be odd: %j', async (odd) => {
        await put(store, odd, 'odd');
        expect((await get(other, odd)).toString()).toBe('odd');
        expect(await listAll(other)).toEqual([odd]);
        await remove(odd);
        expect(await listAll(other)).toEqual([]);
      });
    });

    describe('conditional writes', () => {
      beforeEach((context) => {
        if (!store.capabilities.conditionalWrites) context.skip('no conditional writes');
      });

      it('create where there is nothing, and only there', async () => {
        await put(store, 'o', 'first', { conditions: { ifNoneMatch: '*' } });
        expect(await codeOf(() => put(store, 'o', 'second', { conditions: { ifNoneMatch: '*' } }))).toBe(
          'PreconditionFailed',
        );
        expect((await get(other, 'o')).toString()).toBe('first');
      });

      it(`let exactly one of ${WRITERS} create`, async () => {
        const codes = await Promise.all(
          Array.from({ length: WRITERS }, (_, i) =>
            codeOf(() => put(i % 2 ? store : other, 'x/one', String(i), { conditions: { ifNoneMatch: '*' } })),
          ),
        );
        expect(codes.filter((code) => code === 'none')).toHaveLength(1);
        expect(new Set(codes)).toEqual(new Set(['none', 'PreconditionFailed']));
        expect((await get(other, 'x/one')).toString()).toBe(String(codes.indexOf('none')));
      });

      it('replace what they name, and nothing else', async () => {
        const { etag } = await put(store, 'o', 'first');
        expect(await codeOf(() => put(store, 'o', 'x', { conditions: { ifMatch: ['other'] } }))).toBe(
          'PreconditionFailed',
        );
        await put(store, 'o', 'second', { conditions: { ifMatch: ['other', etag] } });
        await put(store, 'o', 'third', { conditions: { ifMatch: '*' } });
        expect((await get(other, 'o')).toString()).toBe('third');
        expect(await codeOf(() => put(store, 'none', 'x', { conditions: { ifMatch: [etag] } }))).toBe('NoSuchKey');
        expect(await listAll(other)).toEqual(['o']);
      });

      it('lose no update of many that read, change and write', async () => {
        await put(store, 'n', '0');
        const add = async (from: ObjectStore): Promise<void> => {
          for (;;) {
            const { info, bytes } = await getWhole(from, 'n');
            const next = String(Number(bytes.toString()) + 1);
            const code = await codeOf(() => put(from, 'n', next, { conditions: { ifMatch: [info.etag] } }));
            if (code === 'none') return;
            expect(code).toBe('PreconditionFailed');
          }
        };
        const times = Math.min(24, made.overwrites ?? 24);
        await Promise.all(Array.from({ length: times }, (_, i) => add(i % 2 ? store : other)));
        expect((await get(other, 'n')).toString()).toBe(String(times));
      });

      it('delete what they name, and nothing else', async () => {
        const { etag } = await put(store, 'o', 'xyz');
        const { lastModified } = await store.head(key('o'));
        for (const conditions of [
          { ifMatch: ['other'] },
          { ifMatchSize: 4 },
          { ifMatchLastModified: new Date(lastModified.getTime() - 5000) },
        ]) {
          expect(await remove('o', conditions)).toBe('PreconditionFailed');
        }
        expect(await remove('o', { ifMatch: [etag], ifMatchSize: 3, ifMatchLastModified: lastModified })).toBe('none');
        expect(await codeOf(() => other.head(key('o')))).toBe('NoSuchKey');
      });
    });

    describe('readers during overwrites', () => {
      it('always see one whole version with its own entity tag', async () => {
        const versions = Array.from({ length: 6 }, (_, i) => content(60_000, i + 1));
        const tags = new Map(versions.map((bytes) => [hash('md5', bytes), bytes]));
        await put(store, 'o', versions[0] as Buffer);
        let writing = true;
        const writer = (async () => {
          for (let i = 0; writing && i < (made.overwrites ?? 150); i++)
            await put(store, 'o', versions[i % 6] as Buffer);
          writing = false;
        })();
        const reader = async (from: ObjectStore): Promise<void> => {
          while (writing) {
            const { info, bytes } = await getWhole(from, 'o');
            expect(tags.get(info.etag)?.equals(bytes)).toBe(true);
            const { entries } = await from.list({ prefix: '', delimiter: '', startAfter: '', limit: 10 });
            const listed = entries.map((entry) => (entry.kind === 'object' ? tags.has(entry.object.etag) : entry));
            expect(listed).toEqual([true]);
          }
        };
        try {
          await Promise.all([writer, reader(store), reader(other), reader(other)]);
        } finally {
          // Or what it still writes lies in the way of all further tests.
          writing = false;
          await writer.catch(() => undefined);
        }
      });
    });

    describe('tags', () => {
      beforeEach((context) => {
        if (!store.capabilities.tagging) context.skip('no tagging');
      });

      it('are replaced, and nothing else is', async () => {
        const before = await put(store, 'o', 'x', {
          attributes: { headers: { 'content-type': 'a/b' }, metadata: { m: '1' }, tags: [] },
        });
        await store.putTags(key('o'), [{ key: 'k', value: 'ü' }]);
        const after = await other.head(key('o'));
        expect(after.attributes).toMatchObject({
          headers: { 'content-type': 'a/b' },
          metadata: { m: '1' },
          tags: [{ key: 'k', value: 'ü' }],
        });
        expect(after.etag).toBe(before.etag);
        if (!made.upstream) expect(after.lastModified).toEqual(before.lastModified);
        await store.putTags(key('o'), []);
        expect((await other.head(key('o'))).attributes.tags).toEqual([]);
      });

      it('may be more than an extended attribute holds', async (context) => {
        if (made.upstream) context.skip('more than S3 takes');
        const tags = Array.from({ length: 50 }, (_, i) => ({ key: `k${i}`, value: 'v'.repeat(250) }));
        await put(store, 'o', 'x');
        await store.putTags(key('o'), tags);
        expect((await other.head(key('o'))).attributes.tags).toEqual(tags);
        expect((await other.head(key('o'))).etag).toBe(hash('md5', 'x'));
        await store.putTags(key('o'), []);
        expect((await other.head(key('o'))).attributes.tags).toEqual([]);
      });

      it('are those of an object that is there', async () => {
        await put(store, 'd/o', 'x');
        for (const absent of ['none', 'd', 'd/']) {
          expect(await codeOf(() => store.putTags(key(absent), []))).toBe('NoSuchKey');
        }
      });
    });

    describe('listing', () => {
      const keys = ['a', 'a-b', 'a.b', 'b/1', 'b/2', 'b/c/1', 'b/c/2', 'b-1', 'z', 'é', '\uff61', '\u{1f600}'];
      const sorted = keys.toSorted((one, two) => Buffer.compare(Buffer.from(one), Buffer.from(two)));

      beforeEach(async () => {
        for (const one of keys) await put(store, one, one);
      });

      it.each([1, 2, 3, 1000])('gives all keys in UTF-8 order, %i a page', async (limit) => {
        expect(await listAll(other, { limit })).toEqual(sorted);
      });

      it.each([1, 2, 1000])('groups by delimiters of any length, %i a page', async (limit) => {
        expect(await listAll(other, { delimiter: '/', limit })).toEqual(
          sorted.flatMap((one) => (one.startsWith('b/') ? (one === 'b/1' ? ['b/'] : []) : one)),
        );
        expect(await listAll(other, { prefix: 'b/', delimiter: '/', limit })).toEqual(['b/1', 'b/2', 'b/c/']);
        expect(await listAll(other, { prefix: 'b', delimiter: '/c/', limit })).toEqual(['b-1', 'b/1', 'b/2', 'b/c/']);
        expect(await listAll(other, { prefix: 'b/c', limit })).toEqual(['b/c/1', 'b/c/2']);
        expect(await listAll(other, { prefix: 'nothing/', delimiter: '/', limit })).toEqual([]);
      });

      it('begins behind a marker, and leaves out a common prefix that the marker is in', async () => {
        expect(await listAll(other, { startAfter: 'b/1' })).toEqual(sorted.slice(sorted.indexOf('b/1') + 1));
        expect(await listAll(other, { startAfter: 'b/1', delimiter: '/' })).toEqual(['z', 'é', '\uff61', '\u{1f600}']);
        expect(await listAll(other, { startAfter: 'b0' })).toEqual(['z', 'é', '\uff61', '\u{1f600}']);
      });

      it('says what head says', async () => {
        const { entries } = await other.list({ prefix: 'b/', delimiter: '/', startAfter: '', limit: 1 });
        const { size, etag, lastModified } = await other.head(key('b/1'));
        expect(entries).toMatchObject([{ kind: 'object', object: { key: 'b/1', size, etag } }]);
        // Headers have whole seconds.
        const listed = entries[0]?.kind === 'object' ? entries[0].object.lastModified.getTime() : NaN;
        expect(made.upstream ? Math.floor(listed / 1000) * 1000 : listed).toBe(lastModified.getTime());
      });

      it('says that more follows only where more does', async () => {
        const { entries, truncated } = await other.list({
          prefix: '',
          delimiter: '',
          startAfter: '',
          limit: keys.length,
        });
        expect([entries.length, truncated]).toEqual([keys.length, false]);
        expect(
          (await other.list({ prefix: '', delimiter: '', startAfter: '', limit: keys.length - 1 })).truncated,
        ).toBe(true);
        expect(await other.list({ prefix: '', delimiter: '', startAfter: '', limit: 0 })).toEqual({
          entries: [],
          truncated: false,
        });
      });
    });

    describe('multipart uploads', () => {
      beforeEach((context) => {
        if (!store.capabilities.multipart) context.skip('no multipart uploads');
      });

      const create = (text: string, more = {}): Promise<UploadInfo> =>
        store.multipart.create({ key: key(text), attributes: NO_ATTRIBUTES, initiator: 'me', ...more });

      async function upload(
        to: ObjectStore,
        { key: name, uploadId }: UploadInfo,
        number: number,
        bytes: Buffer,
        shape: BodyShape = {},
      ): Promise<CompletedPart> {
        const part = await to.multipart.putPart(name, uploadId, number, bodyOfBytes(bytes, shape));
        expect(part).toMatchObject({ number, size: bytes.length, etag: hash('md5', bytes) });
        return { number, etag: part.etag };
      }

      const complete = (
        to: ObjectStore,
        { key: name, uploadId }: UploadInfo,
        parts: readonly CompletedPart[],
        conditions = {},
      ): Promise<ObjectInfo> => to.multipart.complete({ key: name, uploadId, parts, conditions });

      /** Uploads the parts in an order, through both gateways in turn, and completes them. */
      async function roundTrip(sizes: readonly number[], order = sizes.map((_, i) => i)): Promise<void> {
        const started = await create('dir/large', {
          attributes: { headers: { 'content-type': 'x/y' }, metadata: { m: '1' }, tags: [] },
        });
        const bytes = sizes.map((size, i) => content(size, i + 1));
        const parts: CompletedPart[] = [];
        for (const [turn, i] of order.entries()) {
          parts[i] = await upload(turn % 2 ? other : store, started, i + 1, bytes[i] as Buffer);
        }
        expect(await codeOf(() => store.head(key('dir/large')))).toBe('NoSuchKey');
        const info = await complete(other, started, parts);
        const md5s = Buffer.from(parts.map((part) => part.etag).join(''), 'hex');
        expect(info).toMatchObject({ key: 'dir/large', etag: `${hash('md5', md5s)}-${parts.length}` });
        const head = await store.head(key('dir/large'));
        expect(head.attributes).toMatchObject({ headers: { 'content-type': 'x/y' }, metadata: { m: '1' } });
        if (!made.upstream || head.parts) {
          expect(head.parts?.map(({ number, size }) => [number, size])).toEqual(sizes.map((size, i) => [i + 1, size]));
        }
        expect((await get(store, 'dir/large')).equals(Buffer.concat(bytes))).toBe(true);
        if (!made.limits?.has(LISTED_IN_PAGES)) expect(await listUploads()).toEqual([]);
        expect(await listAll(other)).toEqual(['dir/large']);
      }

      async function listUploads(query = {}): Promise<string[]> {
        const page = await other.multipart.listUploads({
          prefix: '',
          delimiter: '',
          keyMarker: '',
          uploadIdMarker: '',
          limit: 1000,
          ...query,
        });
        return page.entries.map((entry) => (entry.kind === 'prefix' ? entry.prefix : entry.upload.key));
      }

      it.each([
        ['one part', [100], [0]],
        ['one empty part', [0], [0]],
        ['equal parts', [MIN, MIN, MIN], [0, 1, 2]],
        ['a short last part', [MIN, MIN, 17], [0, 1, 2]],
        ['parts out of order', [MIN, MIN, 17], [2, 0, 1]],
        ['a larger first part', [MIN + 3, MIN, 17], [0, 1, 2]],
        ['odd sizes', [MIN + 1, MIN + 2, MIN, 1], [1, 3, 0, 2]],
        ['a last part that is larger', [MIN, MIN, MIN + 9], [0, 1, 2]],
      ])('are put together: %s', async (_, sizes, order) => roundTrip(sizes, order));

      it('take parts at the same time', async () => {
        const started = await create('o');
        const bytes = [1, 2, 3, 4, 5].map((i) => content(i === 5 ? 99 : MIN, i));
        const parts = await Promise.all(bytes.map((one, i) => upload(i % 2 ? store : other, started, i + 1, one)));
        await complete(store, started, parts);
        expect((await get(other, 'o')).equals(Buffer.concat(bytes))).toBe(true);
      });

      it('leave out parts that the completion does not name', async () => {
        const started = await create('o');
        const parts: CompletedPart[] = [];
        for (const n of [1, 2, 3, 4]) parts.push(await upload(store, started, n, content(MIN, n)));
        const info = await complete(store, started, [parts[0], parts[2]] as CompletedPart[]);
        if (!made.upstream) expect(info.parts?.map((part) => part.number)).toEqual([1, 3]);
        expect((await get(other, 'o')).equals(Buffer.concat([content(MIN, 1), content(MIN, 3)]))).toBe(true);
      });

      it('answer a completion again, for as long as the object is what it made', async () => {
        const started = await create('o');
        const parts = [await upload(store, started, 1, content(100, 1))];
        const first = await complete(store, started, parts);
        const again = await complete(other, started, parts);
        expect([again.etag, again.size]).toEqual([first.etag, first.size]);
        expect(await codeOf(() => complete(store, started, [{ number: 1, etag: hash('md5', 'x') }]))).toBe(
          'NoSuchUpload',
        );
        await put(store, 'o', 'another');
        expect(await codeOf(() => complete(store, started, parts))).toBe('NoSuchUpload');
        expect((await get(other, 'o')).toString()).toBe('another');
      });

      it('are completed once by several at the same time', async () => {
        const started = await create('o');
        const parts = [
          await upload(store, started, 1, content(MIN, 1)),
          await upload(store, started, 2, content(9, 2)),
        ];
        const infos = await Promise.all([store, other, store, other].map((one) => complete(one, started, parts)));
        expect(new Set(infos.map((info) => info.etag)).size).toBe(1);
        expect((await get(other, 'o')).length).toBe(MIN + 9);
      });

      it('take the last of several tries of a part', async () => {
        const started = await create('o');
        await upload(store, started, 1, content(MIN, 1));
        await upload(other, started, 2, content(MIN, 2));
        const first = await upload(other, started, 1, content(MIN, 3));
        const second = await upload(store, started, 2, content(MIN + 5, 4));
        const last = await upload(store, started, 2, content(10, 5));
        expect(await codeOf(() => complete(store, started, [first, second]))).toBe('InvalidPart');
        await complete(store, started, [first, last]);
        expect((await get(other, 'o')).equals(Buffer.concat([content(MIN, 3), content(10, 5)]))).toBe(true);
      });

      it('keep a part whose retry breaks off', async () => {
        const started = await create('o');
        const first = await upload(store, started, 1, content(MIN, 1));
        const broken = bodyOfBytes(content(MIN, 9), { breakAt: 2 * MIB });
        expect(await codeOf(() => other.multipart.putPart(key('o'), started.uploadId, 1, broken))).toContain(
          'went away',
        );
        const fresh = bodyOfBytes(content(MIN, 9), { breakAt: 2 * MIB });
        expect(await codeOf(() => other.multipart.putPart(key('o'), started.uploadId, 2, fresh))).toContain(
          'went away',
        );
        const second = await upload(other, started, 2, content(MIN, 2));
        await complete(store, started, [first, second]);
        expect((await get(other, 'o')).equals(Buffer.concat([content(MIN, 1), content(MIN, 2)]))).toBe(true);
      });

      it('end in a whole object while a part is uploaded again', async () => {
        for (let round = 0; round < 4; round++) {
          const started = await create(`o${round}`);
          const parts = [
            await upload(store, started, 1, content(MIN, 1)),
            await upload(store, started, 2, content(MIN, 2)),
          ];
          if (round % 2) parts[1] = await upload(store, started, 2, content(MIN, 2));
          const delays = [0, 1, 2, 3].map((i) => (i * round) % 5);
          const wait = async (turns: number | undefined): Promise<void> => {
            for (let i = 0; i < (turns ?? 0); i++) await new Promise((resolve) => setImmediate(resolve));
          };
          const again = bodyOfBytes(content(MIN, 3), { before: () => wait(delays[round % 4]) });
          const [partCode, code] = await Promise.all([
            codeOf(() => other.multipart.putPart(key(`o${round}`), started.uploadId, 2, again)),
            wait(round).then(() => codeOf(() => complete(store, started, parts))),
          ]);
          expect(['none', 'NoSuchUpload']).toContain(partCode);
          expect(['none', 'InvalidPart']).toContain(code);
          if (code === 'none') {
            const bytes = await get(other, `o${round}`);
            expect(bytes.equals(Buffer.concat([content(MIN, 1), content(MIN, 2)]))).toBe(true);
          }
        }
      });

      it('are gone once they are aborted, also for a part that is under way', async () => {
        const started = await create('o');
        await upload(store, started, 1, content(MIN, 1));
        let abort: Promise<void> | undefined;
        const slow = bodyOfBytes(content(MIN, 2), {
          before: (position) => {
            if (position === 2 * MIB) abort = other.multipart.abort(key('o'), started.uploadId);
            return position === 3 * MIB ? abort : undefined;
          },
        });
        expect(await codeOf(() => store.multipart.putPart(key('o'), started.uploadId, 2, slow))).toBe('NoSuchUpload');
        expect(await codeOf(() => store.multipart.get(key('o'), started.uploadId))).toBe('NoSuchUpload');
        expect(await codeOf(() => store.multipart.abort(key('o'), started.uploadId))).toBe('NoSuchUpload');
        expect(await codeOf(() => complete(store, started, [{ number: 1, etag: 'x' }]))).toBe('NoSuchUpload');
        if (!made.limits?.has(LISTED_IN_PAGES)) expect(await listUploads()).toEqual([]);
      });

      it('are nobody else’s: neither another key’s nor one that cannot be', async () => {
        const started = await create('o');
        for (const uploadId of [
          '',
          '..',
          '../../x',
          'x'.repeat(32),
          '0'.repeat(32),
          `${started.uploadId}/`,
          started.uploadId.toUpperCase().replace(/[0-9]$/, 'G'),
        ]) {
          expect(await codeOf(() => store.multipart.get(key('o'), uploadId))).toBe('NoSuchUpload');
          expect(await codeOf(() => store.multipart.putPart(key('o'), uploadId, 1, bodyOfBytes('x')))).toBe(
            'NoSuchUpload',
          );
          expect(await codeOf(() => store.multipart.abort(key('o'), uploadId))).toBe('NoSuchUpload');
        }
        expect(await codeOf(() => store.multipart.get(key('p'), started.uploadId))).toBe('NoSuchUpload');
        expect(await codeOf(() => store.multipart.putPart(key('p'), started.uploadId, 1, bodyOfBytes('x')))).toBe(
          'NoSuchUpload',
        );
      });

      it('refuse parts that are too small, unknown, or not as named', async () => {
        const started = await create('o');
        const one = await upload(store, started, 1, content(10, 1));
        const two = await upload(store, started, 2, content(10, 2));
        expect(await codeOf(() => complete(store, started, [one, two]))).toBe('EntityTooSmall');
        const unknown = await codeOf(() => complete(store, started, [one, { number: 3, etag: two.etag }]));
        // Both is wrong with them.
        expect(made.upstream ? ['InvalidPart', 'EntityTooSmall'] : ['InvalidPart']).toContain(unknown);
        expect(await codeOf(() => complete(store, started, [{ number: 1, etag: two.etag }]))).toBe('InvalidPart');
        await complete(store, started, [two]);
        expect((await get(other, 'o')).equals(content(10, 2))).toBe(true);
      });

      it('keep the conditions of their completion', async (context) => {
        if (!store.capabilities.conditionalWrites) context.skip('no conditional writes');
        const { etag } = await put(store, 'o', 'old');
        const started = await create('o');
        const parts = [
          await upload(store, started, 1, content(MIN, 1)),
          await upload(store, started, 2, content(9, 2)),
        ];
        expect(await codeOf(() => complete(store, started, parts, { ifNoneMatch: '*' }))).toBe('PreconditionFailed');
        expect((await get(other, 'o')).toString()).toBe('old');
        await complete(store, started, parts, { ifMatch: [etag] });
        expect((await get(other, 'o')).length).toBe(MIN + 9);
      });

      it('list their parts in pages', async () => {
        const started = await create('o');
        for (const n of [3, 10_000, 1, 200, 20]) await upload(store, started, n, Buffer.from(String(n)));
        const seen: number[] = [];
        for (let marker = 0, more = true; more;) {
          const page = await other.multipart.listParts(key('o'), started.uploadId, marker, 2);
          const initiator = made.upstream ? '' : 'me';
          expect(page.upload).toMatchObject({ key: 'o', uploadId: started.uploadId, initiator });
          seen.push(...page.parts.map((part) => part.number));
          marker = seen.at(-1) as number;
          more = page.truncated;
        }
        expect(seen).toEqual([1, 3, 20, 200, 10_000]);
        const behind = await other.multipart.listParts(key('o'), started.uploadId, 10_000, 2);
        expect([behind.parts, behind.truncated]).toEqual([[], false]);
      });

      it(LISTED_IN_PAGES, async () => {
        const started = new Map<string, UploadInfo>();
        for (const one of ['b', 'a/2', 'a', 'a/1', 'é']) started.set(one, await create(one));
        const second = await create('b');
        const order = ['a', 'a/1', 'a/2', 'b', 'b', 'é'];
        expect(await listUploads()).toEqual(order);
        expect(await listUploads({ delimiter: '/' })).toEqual(['a', 'a/', 'b', 'b', 'é']);
        expect(await listUploads({ prefix: 'a/', delimiter: '/' })).toEqual(['a/1', 'a/2']);
        const seen: string[] = [];
        for (let keyMarker = '', uploadIdMarker = '', more = true; more;) {
          const page = await other.multipart.listUploads({
            prefix: '',
            delimiter: '',
            keyMarker,
            uploadIdMarker,
            limit: 1,
          });
          const entry = page.entries[0];
          if (entry?.kind !== 'upload') throw new Error('expected an upload');
          ({ key: keyMarker, uploadId: uploadIdMarker } = entry.upload);
          seen.push(uploadIdMarker);
          more = page.truncated;
        }
        const { uploadId: first } = started.get('b') as UploadInfo;
        expect(seen.slice(3, 5).toSorted()).toEqual([first, second.uploadId].toSorted());
        expect(new Set(seen).size).toBe(6);
      });
    });
  });
}
