import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FileDriver } from '../../src/storage/file-driver.js';
import { parseStoragePath, type StoragePath } from '../../src/storage/storage-path.js';
import { codeOf } from '../support/object-bodies.js';

/** A driver over an empty storage. */
export interface DriverUnderTest {
  readonly driver: FileDriver;
  /** The same storage as another gateway sees it; the driver itself where there is none. */
  readonly other?: FileDriver;
  close(): Promise<void> | void;
}

/** What every {@link FileDriver} must do; its capabilities decide what is asked of it. */
export function fileDriverContract(name: string, makeDriver: () => Promise<DriverUnderTest> | DriverUnderTest): void {
  describe(`FileDriver: ${name}`, () => {
    let made: DriverUnderTest;
    let driver: FileDriver;
    let other: FileDriver;

    beforeEach(async () => {
      made = await makeDriver();
      driver = made.driver;
      other = made.other ?? driver;
    });
    afterEach(() => made.close());

    const at = (text: string): StoragePath => parseStoragePath(text);

    async function write(path: string, text: string, mode: 'replace' | 'create' = 'replace'): Promise<void> {
      const temporary = await driver.createTemporary();
      try {
        await temporary.write(Buffer.from(text));
        const stat = await temporary.finish(at(path));
        // What who writes objects does as well: see ObjectRecords.
        const before = temporary.renew && mode === 'replace' ? await driver.stat(at(path)) : undefined;
        const alike = before?.identity === stat.identity && before.mtimeMs === stat.mtimeMs;
        if (alike) await temporary.renew?.();
        await temporary.commit(mode);
      } catch (error) {
        await temporary.discard();
        throw error;
      }
    }

    async function read(path: string, from: FileDriver = other): Promise<string> {
      const file = await from.open(at(path));
      try {
        const buffer = Buffer.alloc(file.stat.size + 10);
        let size = 0;
        for (let count = -1; count !== 0; size += count) count = await file.read(buffer.subarray(size), size);
        return buffer.toString('utf8', 0, size);
      } finally {
        await file.close();
      }
    }

    describe('a temporary file', () => {
      it('is seen by nobody before it is committed, and whole afterwards', async () => {
        const temporary = await driver.createTemporary();
        await temporary.write(Buffer.from('he'));
        await temporary.write(Buffer.from('llo'));
        const stat = await temporary.finish(at('a/b/c'));
        expect(stat).toMatchObject({ kind: 'file', size: 5 });
        expect(await other.facts(at('a/b/c'))).toBeUndefined();
        await temporary.commit('replace');
        expect(await read('a/b/c')).toBe('hello');
        expect(await other.stat(at('a/b/c'))).toMatchObject(stat);
      });

      it('leaves nothing when it is discarded, before or after it was finished', async () => {
        const early = await driver.createTemporary();
        await early.write(Buffer.from('x'));
        await early.discard();
        const late = await driver.createTemporary();
        await late.write(Buffer.from('x'));
        await late.finish(at('name'));
        await late.discard();
        expect(await other.facts(at('name'))).toBeUndefined();
      });

      it('may be empty', async () => {
        await write('empty', '');
        expect(await read('empty')).toBe('');
      });

      it('may be larger than any buffer', async () => {
        const temporary = await driver.createTemporary();
        const piece = Buffer.alloc(1024 * 1024, 'x');
        for (let i = 0; i < 4; i++) await temporary.write(piece);
        await temporary.write(Buffer.from('end'));
        await temporary.finish(at('large'));
        await temporary.commit('replace');
        const file = await other.open(at('large'));
        expect(file.stat.size).toBe(4 * piece.length + 3);
        const tail = Buffer.alloc(10);
        expect(await file.read(tail, 4 * piece.length - 2)).toBe(5);
        expect(tail.toString('latin1', 0, 5)).toBe('xxend');
        await file.close();
      });

      it('replaces a file whole, while who has the old one open goes on reading that', async () => {
        await write('f', 'old');
        const open = await other.open(at('f'));
        await write('f', 'newer');
        const buffer = Buffer.alloc(10);
        if (driver.capabilities.pinnedReads) {
          const count = await open.read(buffer, 0);
          expect(buffer.toString('latin1', 0, count)).toBe('old');
        } else expect(await codeOf(() => open.read(buffer, 0))).toBe('changed');
        await open.close();
        expect(await read('f')).toBe('newer');
      });

      it('does not take a name that is taken when it must create', async () => {
        await write('f', 'old');
        expect(await codeOf(() => write('f', 'new', 'create'))).toBe('exists');
        expect(await read('f')).toBe('old');
      });

      it('creates for exactly one of many at once', async (context) => {
        if (!driver.capabilities.atomicCreate) context.skip('cannot create atomically');
        const codes = await Promise.all(
          Array.from({ length: 40 }, (_, i) => codeOf(() => write('one', String(i), 'create'))),
        );
        expect(codes.filter((code) => code === 'none')).toHaveLength(1);
        expect(await read('one')).toBe(String(codes.indexOf('none')));
      });

      it('does not take the place of a folder', async () => {
        await write('d/f', 'x');
        expect(['is-folder', 'exists']).toContain(await codeOf(() => write('d', 'y')));
        expect(await read('d/f')).toBe('x');
      });

      it('cannot lie below a file', async () => {
        await write('f', 'x');
        expect(await codeOf(() => write('f/g', 'y'))).toBe('not-folder');
        expect(await codeOf(() => write('f/g/h', 'y'))).toBe('not-folder');
        expect(await read('f')).toBe('x');
      });

      it('carries its record', async (context) => {
        if (!driver.capabilities.records) context.skip('keeps no records');
        const temporary = await driver.createTemporary();
        await temporary.finish(at('r'));
        await temporary.setRecord(Buffer.from('first'));
        await temporary.commit('replace');
        expect((await other.facts(at('r')))?.record?.toString()).toBe('first');
        await driver.setRecord(at('r'), Buffer.from('second'));
        const file = await other.open(at('r'));
        expect(file.record?.toString()).toBe('second');
        await file.close();
        expect((await other.factsOf(at(''), ['r']))[0]?.record?.toString()).toBe('second');
      });
    });

    describe('opening and looking', () => {
      it('tells a missing name from a folder', async () => {
        await write('d/f', 'x');
        expect(await codeOf(() => driver.open(at('nothing')))).toBe('not-found');
        expect(await codeOf(() => driver.open(at('no/thing')))).toBe('not-found');
        expect(await codeOf(() => driver.open(at('d')))).toBe('is-folder');
        expect(['not-folder', 'not-found']).toContain(await codeOf(() => driver.open(at('d/f/g'))));
        expect(await driver.facts(at('nothing'))).toBeUndefined();
        expect(await driver.facts(at('d/f/g'))).toBeUndefined();
        expect((await driver.facts(at('d')))?.stat).toMatchObject({ kind: 'folder', size: 0 });
        expect((await driver.stat(at('d')))?.kind).toBe('folder');
      });

      it('tells two versions of a file apart', async () => {
        await write('f', 'one');
        const before = await driver.stat(at('f'));
        await write('f', 'two');
        expect(await driver.stat(at('f'))).not.toEqual(before);
      });

      it('looks at many files of a folder, those that are gone included', async () => {
        await write('d/a', '1');
        await write('d/b', '22');
        const facts = await driver.factsOf(at('d'), ['a', 'gone', 'b']);
        expect(facts.map((one) => one?.stat.size)).toEqual([1, undefined, 2]);
        expect(await driver.factsOf(at('gone'), ['a'])).toEqual([undefined]);
      });
    });

    describe('folders', () => {
      it('lists names in byte order, folders as they sort with their slash', async () => {
        const names = ['b', 'a-b', 'a/x', 'a.b', 'ü', '\u{1f600}', '\uff61', 'Z'];
        for (const one of names) await write(one, 'x');
        const listed = [...(await other.list(at('')))].map((bytes) => Buffer.from(bytes, 'latin1').toString());
        expect(listed.filter((one) => !one.startsWith('.bucketway'))).toEqual([
          'Z',
          'a-b',
          'a.b',
          'a/',
          'b',
          'ü',
          '\uff61',
          '\u{1f600}',
        ]);
      });

      it('sees a name that has just been added or removed, however often it was listed before', async () => {
        for (let i = 0; i < 50; i++) {
          await write(`d/${i}`, '');
          expect([...(await other.list(at('d')))]).toHaveLength(i + 1);
        }
        await driver.removeFile(at('d/7'));
        expect([...(await other.list(at('d')))]).not.toContain('7');
      });

      it('lists names that begin with a dot, or takes none, and no folder for empty that may hold one', async () => {
        const { dotNames } = driver.capabilities;
        expect(await codeOf(() => write('d/.hidden', 'x'))).toBe(dotNames ? 'none' : 'unsupported-name');
        expect(await codeOf(() => write('.d/x', 'x'))).toBe(dotNames ? 'none' : 'unsupported-name');
        await driver.makeFolder(at('d'));
        expect([...(await other.list(at('d')))]).toEqual(dotNames ? ['.hidden'] : []);
        expect(await driver.removeFolder(at('d'))).toBe(false);
      });

      it('says that there is none', async () => {
        await write('f', 'x');
        expect(await codeOf(() => driver.list(at('nothing')))).toBe('not-found');
        expect(await codeOf(() => driver.list(at('f')))).toBe('not-folder');
      });

      it('are made with their parents, and removed when they are empty', async () => {
        await driver.makeFolder(at('x/y/z'));
        await driver.makeFolder(at('x/y/z'));
        expect((await other.stat(at('x/y/z')))?.kind).toBe('folder');
        expect(await driver.removeFolder(at('x'))).toBe(false);
        expect(await driver.removeFolder(at('x/y/z'))).toBe(driver.capabilities.dotNames);
        expect(await driver.removeFolder(at('x/y/z'))).toBe(false);
        await write('f', 'x');
        expect(await codeOf(() => driver.makeFolder(at('f')))).toBe('not-folder');
        expect(await driver.removeFolder(at('f'))).toBe(false);
        expect(await read('f')).toBe('x');
      });
    });

    describe('files', () => {
      it('are removed once', async () => {
        await write('d/f', 'x');
        expect(await driver.removeFile(at('d/f'))).toBe(true);
        expect(await driver.removeFile(at('d/f'))).toBe(false);
        expect(await driver.removeFile(at('no/f'))).toBe(false);
        expect(await codeOf(() => driver.removeFile(at('d')))).toBe('is-folder');
      });

      it('are claimed by exactly one', async () => {
        const claims = await Promise.all(Array.from({ length: 20 }, () => driver.claim(at('c/claimed'))));
        expect(claims.filter(Boolean)).toHaveLength(1);
        expect(await other.claim(at('c/claimed'))).toBe(false);
      });

      it('are written at offsets, in any order', async (context) => {
        if (!driver.capabilities.randomWrites) context.skip('writes from start to end only');
        const one = await driver.openForWriting(at('data/f'));
        const two = await other.openForWriting(at('data/f'));
        await two.writeAt(Buffer.from('world'), 6);
        await one.writeAt(Buffer.from('hello '), 0);
        await one.sync();
        await one.truncate(9);
        await one.close();
        await two.close();
        expect(await read('data/f')).toBe('hello wor');
      });

      it('may be adopted from the reserved folder as they are', async () => {
        const reserved = driver.scope('.bucketway' as StoragePath);
        const made = await reserved.createTemporary();
        await made.write(Buffer.from('parts'));
        await made.finish(at('uploads/u/data'));
        await made.commit('create');
        const kept = await driver.adopt(at('uploads/u/data'));
        await kept.finish(at('o'));
        await kept.discard();
        const adopted = await driver.adopt(at('uploads/u/data'));
        await adopted.finish(at('o'));
        await adopted.commit('replace');
        expect(await read('o')).toBe('parts');
        expect(await reserved.stat(at('uploads/u/data'))).toBeUndefined();
      });
    });

    describe('a scope', () => {
      it('is confined to its folder', async () => {
        await write('bucket/f', 'inside');
        await write('f', 'outside');
        const scope = driver.scope(at('bucket'));
        expect(await read('f', scope)).toBe('inside');
        expect([...(await scope.list(at('')))]).toEqual(['f']);
        expect(await read('f', scope.scope(at('')))).toBe('inside');
      });

      it('comes into being with its first file', async () => {
        const scope = driver.scope(at('new/bucket'));
        const temporary = await scope.createTemporary();
        await temporary.write(Buffer.from('x'));
        await temporary.finish(at('f'));
        await temporary.commit('create');
        expect(await read('new/bucket/f')).toBe('x');
      });
    });

    describe('a lock', () => {
      it('lets one in at a time, also from another gateway where locks are shared', async () => {
        const drivers = driver.capabilities.sharedLocks ? [driver, other] : [driver];
        let inside = 0;
        let most = 0;
        let counter = 0;
        await Promise.all(
          Array.from({ length: 30 }, (_, i) =>
            (drivers[i % drivers.length] as FileDriver).lock(at('k'), async () => {
              most = Math.max(most, ++inside);
              const seen = counter;
              await new Promise((resolve) => setImmediate(resolve));
              counter = seen + 1;
              inside--;
            }),
          ),
        );
        expect([most, counter]).toEqual([1, 30]);
      });

      it('is free again after a failure, and hands on what the action gives', async () => {
        expect(
          await codeOf(() =>
            driver.lock(at('k'), () => {
              throw Object.assign(new Error('no'), { code: 'mine' });
            }),
          ),
        ).toBe('mine');
        expect(await other.lock(at('k'), () => 7)).toBe(7);
      });

      it('holds up nobody who wants another', async () => {
        expect(await driver.lock(at('a'), () => driver.lock(at('b'), () => 'both'))).toBe('both');
      });
    });
  });
}
