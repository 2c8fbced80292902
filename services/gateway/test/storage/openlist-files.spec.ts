import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RemoteEntry } from '../../src/storage/remote/remote-entry.js';
import { OpenlistFiles } from '../../src/storage/openlist/openlist-files.js';
import { parseStoragePath, ROOT, type StoragePath } from '../../src/storage/storage-path.js';
import { codeOf } from '../support/object-bodies.js';
import { HAS_OPENLIST, openRealOpenlist, startStandIn, type OpenlistTarget } from '../support/openlist-target.js';

const at = (text: string): StoragePath => parseStoragePath(text);

async function write(files: OpenlistFiles, path: string, content: Buffer | string): Promise<void> {
  const bytes = Buffer.from(content);
  const writer = await files.put(at(path), bytes.length);
  if (bytes.length > 0) await writer.write(bytes);
  await writer.end();
}

async function read(files: OpenlistFiles, path: string, start = 0, end?: number): Promise<Buffer> {
  const entry = (await files.stat(at(path))) as RemoteEntry;
  const reader = await files.read(at(path), entry, start, end ?? entry.size);
  const buffer = Buffer.alloc(entry.size + 10);
  let size = 0;
  for (let count = -1; count !== 0; size += count) count = await reader.read(buffer.subarray(size));
  reader.close();
  return buffer.subarray(0, size);
}

/** What holds for every OpenList, real or not. */
function openlistSuite(name: string, open: () => Promise<OpenlistTarget>): void {
  describe(name, () => {
    let target: OpenlistTarget;
    let files: OpenlistFiles;

    beforeEach(async () => {
      target = await open();
      files = new OpenlistFiles(target.options);
    });
    afterEach(async () => {
      files.close();
      await target[Symbol.asyncDispose]();
    });

    it('can be probed', async () => {
      await expect(files.probe()).resolves.toBeUndefined();
    });

    it.each([
      ['empty', 0],
      ['one byte', 1],
      ['a few', 1000],
      ['large', 3_000_001],
    ])('gives back what was written: %s', async (_, size) => {
      const content = randomBytes(size);
      await write(files, 'd/file', content);
      expect((await read(files, 'd/file')).equals(content)).toBe(true);
    });

    it('reads ranges', async () => {
      await write(files, 'f', '0123456789');
      expect((await read(files, 'f', 3, 6)).toString()).toBe('345');
      expect((await read(files, 'f', 9, 10)).toString()).toBe('9');
      expect((await read(files, 'f', 4, 4)).toString()).toBe('');
    });

    it.each([
      'plain',
      'with space',
      'a+b',
      'per%cent',
      '#hash',
      '?query',
      'a&b=c',
      'ünïcode',
      '日本',
      '\u{1f600}',
      'quo\'te"s',
      'semi;colon',
      'tab\there',
      '..dots..',
      '~',
      '%2F',
    ])('holds a file of the name %j', async (file) => {
      await write(files, `dir/${file}`, file);
      expect((await read(files, `dir/${file}`)).toString()).toBe(file);
      expect([...(await files.list(at('dir')))].map((entry) => entry.name)).toEqual([file]);
      await write(files, `dir/.tmp`, 'moved');
      await files.move(at('dir/.tmp'), at(`dir/${file}`), 'replace');
      expect((await read(files, `dir/${file}`)).toString()).toBe('moved');
      expect(await files.removeFile(at(`dir/${file}`))).toBe(true);
      expect(await files.list(at('dir'))).toHaveLength(0);
    });

    it('tells the same of a file by a look and by a listing', async () => {
      await write(files, 'd/f', 'content');
      await files.makeFolder(at('d/sub'));
      const listed = [...(await files.list(at('d')))].sort((one, other) => (one.name < other.name ? -1 : 1));
      const looked = [await files.stat(at('d/f')), await files.stat(at('d/sub'))];
      // A look tells hashes besides.
      expect(looked).toMatchObject(listed);
      expect(listed).toHaveLength(2);
      expect(listed[0]).toMatchObject({ name: 'f', kind: 'file', size: 7 });
      expect(Math.abs((listed[0] as RemoteEntry).mtimeMs - Date.now())).toBeLessThan(60_000);
      expect(listed[1]).toMatchObject({ name: 'sub', kind: 'folder', size: 0, identity: '' });
    });

    it('tells missing names, folders and files apart', async () => {
      await write(files, 'd/f', 'x');
      expect(await files.stat(at('missing'))).toBeUndefined();
      expect(await files.stat(at('missing/below'))).toBeUndefined();
      expect(await files.stat(at('d/f/below'))).toBeUndefined();
      expect(await files.stat(ROOT)).toMatchObject({ kind: 'folder' });
      expect(await codeOf(() => files.list(at('missing')))).toBe('not-found');
      expect(await codeOf(() => files.list(at('missing/below')))).toBe('not-found');
      expect(await codeOf(() => files.list(at('d/f')))).toBe('not-folder');
      expect(await codeOf(() => files.removeFile(at('d')))).toBe('is-folder');
      expect(await files.removeFile(at('missing'))).toBe(false);
      expect(await files.removeFile(at('d/missing'))).toBe(false);
      expect((await read(files, 'd/f')).toString()).toBe('x');
    });

    it('makes folders once, and not over files', async () => {
      expect(await files.makeFolder(at('d'))).toBe(true);
      expect(await files.makeFolder(at('d'))).toBe(false);
      await write(files, 'f', 'x');
      expect(await codeOf(() => files.makeFolder(at('f')))).toBe('not-folder');
      expect(await codeOf(() => files.makeFolder(at('f/below')))).toBe('not-folder');
    });

    it('removes empty folders, and no others', async () => {
      await files.makeFolder(at('d/e'));
      await files.removeFolder(at('d/e'));
      expect(await files.stat(at('d/e'))).toBeUndefined();
      await write(files, 'd/full/f', 'kept');
      expect(await codeOf(() => files.removeFolder(at('d/full')))).toBe('not-empty');
      expect((await read(files, 'd/full/f')).toString()).toBe('kept');
      expect([...(await files.list(at('d')))].map(({ name: one }) => one)).toEqual(['full']);
    });

    describe('moving', () => {
      it.each([
        ['in a folder', 'd/from', 'd/to'],
        ['to another folder', 'd/from', 'e/to'],
        ['to another folder, keeping the name', 'd/same', 'e/same'],
      ])('%s replaces', async (_, from, to) => {
        await write(files, to, 'old');
        await write(files, from, 'new!');
        await files.move(at(from), at(to), 'replace');
        expect((await read(files, to)).toString()).toBe('new!');
        expect(await files.stat(at(from))).toBeUndefined();
        const names = await Promise.all([...new Set(['d', to.slice(0, 1)])].map((one) => files.list(at(one))));
        expect(names.flatMap((one) => [...one])).toHaveLength(1);
      });

      it.each(['d/from', 'e/from'])('creates from %s, or leaves both', async (from) => {
        await write(files, from, 'new');
        await files.makeFolder(at('d'));
        await write(files, 'd/taken', 'old');
        expect(await codeOf(() => files.move(at(from), at('d/taken'), 'create'))).toBe('exists');
        expect((await read(files, 'd/taken')).toString()).toBe('old');
        expect((await read(files, from)).toString()).toBe('new');
        await files.move(at(from), at('d/free'), 'create');
        expect((await read(files, 'd/free')).toString()).toBe('new');
      });

      it('does not replace a folder, and finds no missing source', async () => {
        await write(files, 'd/folder/f', 'kept');
        await write(files, 'd/from', 'x');
        // An object store has room for both.
        const code = await codeOf(() => files.move(at('d/from'), at('d/folder'), 'replace'));
        expect(['is-folder', 'exists', 'none']).toContain(code);
        expect((await read(files, 'd/folder/f')).toString()).toBe('kept');
        if (code !== 'none') expect((await read(files, 'd/from')).toString()).toBe('x');
        expect(await codeOf(() => files.move(at('d/nothing'), at('d/to'), 'replace'))).toBe('not-found');
        expect(await codeOf(() => files.move(at('e/nothing'), at('d/to'), 'replace'))).toBe('not-found');
      });
    });

    it('refuses what OpenList takes for something else', async () => {
      for (const name of ['a\\b', 'd\\..\\x']) {
        expect(await codeOf(() => files.stat(at(name)))).toBe('unsupported-name');
        expect(await codeOf(() => files.put(at(name), 1))).toBe('unsupported-name');
        expect(await codeOf(() => files.removeFile(at(name)))).toBe('unsupported-name');
      }
      for (const name of ['a//b', 'a/../b', './a', 'a/']) {
        expect(await codeOf(() => files.stat(name as StoragePath))).toBe('unsupported-name');
      }
    });

    it('notices that a file was replaced before it was read', async () => {
      await write(files, 'f', 'first');
      const entry = (await files.stat(at('f'))) as RemoteEntry;
      await write(files, 'f', 'the second');
      expect(await codeOf(() => files.read(at('f'), entry, 0, 5))).toBe('changed');
      await files.removeFile(at('f'));
      expect(await codeOf(() => files.read(at('f'), entry, 0, 5))).toBe('not-found');
    });

    it('says what is wrong with the token, the path and the address', async () => {
      const probe = async (change: Partial<OpenlistTarget['options']>): Promise<string> => {
        const other = new OpenlistFiles({ ...target.options, ...change, retries: 0 });
        try {
          await other.probe();
          return 'fine';
        } catch (error) {
          return (error as Error).message;
        } finally {
          other.close();
        }
      };
      expect(await probe({ token: 'wrong' })).toMatch(/refuses the token/);
      expect(await probe({ path: `${target.options.path}/missing` })).toMatch(/has no folder .*missing: make it/);
      expect(await probe({ url: `${target.options.url}/sub` })).toMatch(/check the URL/);
      expect(await probe({ url: 'http://127.0.0.1:1' })).toMatch(/refuses connections/);
    });
  });
}

openlistSuite('OpenList, a stand-in with a local storage', () => startStandIn());
openlistSuite('OpenList, a stand-in with a drive that is cached and hashes', () =>
  startStandIn({ driver: 'OneDrive', cached: true, getter: false, hash: 'sha1' }),
);
openlistSuite('OpenList, a stand-in with a drive on which renames refuse taken names', () =>
  startStandIn({ driver: 'PikPak', rename: 'refuse', getter: false }, { atomicRename: false }),
);
openlistSuite('OpenList, a stand-in whose account is confined to a folder', async () => {
  const target = await startStandIn();
  target.server.basePath = '/drive';
  return { ...target, options: { ...target.options, path: '/' } };
});

describe.skipIf(!HAS_OPENLIST)('a real OpenList (needs OPENLIST_URL and OPENLIST_TOKEN)', () => {
  openlistSuite('as it is', () => openRealOpenlist());
});
