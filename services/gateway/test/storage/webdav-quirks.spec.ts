import { hash, randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { ObjectKey } from '../../src/http/object-key.js';
import type { FileObjectStore } from '../../src/objects/file/file-object-store.js';
import type { StoragePath } from '../../src/storage/storage-path.js';
import type { WebdavOptions } from '../../src/storage/webdav/webdav-options.js';
import { bodyOfBytes, codeOf, get, listAll, put } from '../support/object-bodies.js';
import { startStandIn, type StandInQuirks } from '../support/stand-in-webdav.js';
import { openWebdav, type WebdavFixture } from '../support/webdav-fixture.js';
import type { WebdavServer } from '../support/webdav-server.js';

const WELL = { atomicReplace: true, atomicCreate: true };
const cleanUp: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const action of cleanUp.splice(0).toReversed()) await action();
});

async function start(quirks: StandInQuirks): Promise<WebdavServer> {
  const server = await startStandIn(quirks);
  cleanUp.push(() => server.stop());
  return server;
}

function open(server: WebdavServer, options: Partial<WebdavOptions> = {}, machine?: string): WebdavFixture {
  const fixture = openWebdav({ url: server.url, traits: WELL, ...options }, machine);
  cleanUp.push(() => fixture.close());
  return fixture;
}

/** The temporary files on a server, those of its probe left out. */
function temporaries({ root }: WebdavServer): string[] {
  return fs.readdirSync(path.join(root, '.bucketway/tmp')).filter((name) => !name.startsWith('probe-'));
}

/** The files on a server that wait for their names. */
function stranded({ root }: WebdavServer): string[] {
  const folder = path.join(root, '.bucketway/stranded');
  return fs.readdirSync(folder).flatMap((name) => fs.readdirSync(path.join(folder, name)));
}

const key = (text: string): ObjectKey => text as ObjectKey;

describe('WebDAV servers with quirks', () => {
  it('keep ETag and metadata of what they give another entity tag when they move it', async () => {
    const server = await start({ retagsOnMove: true });
    const one = open(server).store();
    const attributes = { headers: { 'content-type': 'a/b' }, metadata: { m: '1' }, tags: [] };
    for (const content of ['first', 'other', 'third']) {
      await put(one, 'o', content, { attributes });
      for (const store of [one, open(server).store()]) {
        expect(await store.head(key('o'))).toMatchObject({ etag: hash('md5', content), attributes });
      }
    }
  });

  it('may tell versions by the second: one that looks like the one before waits for the next', async () => {
    const server = await start({ noEntityTags: true });
    const store = open(server).store();
    for (const content of ['one', 'two', 'six']) {
      const { etag } = await put(store, 'o', content);
      expect(etag).toBe(hash('md5', content));
      expect((await store.head(key('o'))).etag).toBe(etag);
    }
    const times = fs.readdirSync(path.join(server.root, '.bucketway/tmp')).length;
    expect(times).toBeLessThanOrEqual(1);
  });

  it('may tell times in steps of two seconds: no copy is left of what waited for the next', async () => {
    const server = await start({ noEntityTags: true, timeStepMs: 2_000 });
    const store = open(server).store();
    for (const content of ['one', 'two', 'six']) {
      await put(store, 'o', content);
      expect((await store.head(key('o'))).etag).toBe(hash('md5', content));
    }
    expect(temporaries(server)).toEqual([]);
  });

  it('fail an overwrite where they tell neither tags nor times, and keep no copy of it', async () => {
    const server = await start({ noEntityTags: true, timeStepMs: 0 });
    const store = open(server).store();
    await put(store, 'o', 'one');
    expect(await codeOf(() => put(store, 'o', 'two'))).toBe('ServiceUnavailable');
    expect((await get(store, 'o')).toString()).toBe('one');
    expect((await store.head(key('o'))).etag).toBe(hash('md5', 'one'));
    expect(temporaries(server)).toEqual([]);
  });

  it('do not lead out of the collection, whatever they list', async () => {
    const base = '/remote/dav';
    const stray = [
      '/etc/passwd',
      `${base}/../x`,
      `${base}/%2e%2e`,
      `${base}/a%2Fb`,
      'http://other/remote/dav/x',
      `${base}/`,
      `${base}/d/e`,
      '%',
      `${base}/x%00`,
    ]
      .map(
        (href) =>
          `<x:response><x:href>${href}</x:href><x:propstat><x:prop><x:getcontentlength>1</x:getcontentlength></x:prop></x:propstat></x:response>`,
      )
      .join('');
    const server = await start({ strayResponses: stray });
    const { store } = open(server);
    await put(store('b'), 'in', 'x');
    fs.writeFileSync(path.join(server.root, 'plain'), 'x');
    expect(await listAll(store(), { delimiter: '/' })).toEqual(['b/', 'plain']);
  });

  it('show changes of others within the configured time, and own ones at once, also those of a neighbour process', async () => {
    const server = await start({});
    const machine = randomUUID();
    const [one, two] = [open(server, {}, machine).store(), open(server, {}, machine).store()];
    const stranger = open(server).store();
    await put(one, 'a', 'x');
    expect([await listAll(two), await listAll(stranger)]).toEqual([['a'], ['a']]);
    await put(one, 'b', 'x');
    expect([await listAll(one), await listAll(two), await listAll(stranger)]).toEqual([['a', 'b'], ['a', 'b'], ['a']]);
    expect(await listAll(open(server, { listingCacheSeconds: 0 }).store())).toEqual(['a', 'b']);
  });

  it('read a file in one request, whatever the size of the pieces, and a range in one of its own', async () => {
    const server = await start({});
    const { driver, files, store } = open(server);
    const content = Buffer.alloc(3_000_000, 'abc');
    await put(store(), 'large', content);
    const asked: [number, number][] = [];
    const { read } = files;
    files.read = (place, entry, from, to) => {
      asked.push([from, to]);
      return read.call(files, place, entry, from, to);
    };
    expect((await get(store(), 'large')).equals(content)).toBe(true);
    expect(asked).toEqual([[0, 3_000_000]]);
    const file = await driver.open('large' as StoragePath);
    await file.prepare?.(10, 20);
    const buffer = Buffer.alloc(4);
    for (const at of [10, 14, 18]) await file.read(buffer, at);
    await file.close();
    expect(asked.slice(1)).toEqual([[10, 20]]);
  });

  it('never lose a folder to a file of its name, nor what has come into a folder that was empty', async () => {
    const server = await start({});
    const { driver, files, store } = open(server);
    await put(store(), 'd/inside', 'x');
    expect(await codeOf(() => put(store(), 'd', 'y'))).toBe('ExistingObjectIsDirectory');
    // Between the look at the folder and its removal.
    fs.mkdirSync(path.join(server.root, 'late'));
    const { list } = files;
    files.list = async (folder) => {
      const entries = await list.call(files, folder);
      if (folder === 'late') fs.writeFileSync(path.join(server.root, 'late/file'), 'kept');
      return entries;
    };
    expect(await driver.removeFolder('late' as StoragePath)).toBe(false);
    expect(fs.readFileSync(path.join(server.root, 'late/file'), 'utf8')).toBe('kept');
    expect((await get(store(), 'd/inside')).toString()).toBe('x');
  });

  it.each([
    ['right', 0],
    ['days behind', -3],
    ['days ahead', 3],
  ])('have their abandoned temporary files removed, and no live ones: with a clock that is %s', async (_, ahead) => {
    const server = await start({ clockAheadMs: ahead * 86_400_000 });
    const folder = path.join(server.root, '.bucketway/tmp');
    fs.mkdirSync(folder, { recursive: true });
    for (const [name, days] of [
      ['old', 2],
      ['young', 0.5],
    ] as const) {
      fs.writeFileSync(path.join(folder, name), 'x');
      fs.utimesSync(path.join(folder, name), new Date(), new Date(Date.now() - days * 86_400_000));
    }
    await put(open(server).store(), 'o', 'x');
    await expect.poll(() => fs.readdirSync(folder).includes('old')).toBe(false);
    expect(fs.readdirSync(folder)).toContain('young');
  });

  describe('may remove a file before they fail to replace it', () => {
    const traits = { ...WELL, atomicReplace: false };

    /** A server with an object, and how many of the next MOVEs onto that fail, or onto any of its name. */
    async function startWith(
      status: number,
      quirks: StandInQuirks,
    ): Promise<{ server: WebdavServer; gateway: WebdavFixture; store: FileObjectStore; fail: typeof fail }> {
      let left = 0;
      let place = '';
      const fail = (times: number, everywhere = false): void => {
        left = times;
        place = everywhere ? '/o' : `${server.root}/o`;
      };
      const failsMove = (target: string): number | undefined =>
        target.endsWith(place) && left-- > 0 ? status : undefined;
      const server = await start({ ...quirks, failsMove });
      const gateway = open(server, { traits });
      const store = gateway.store();
      await put(store, 'o', 'old');
      return { server, gateway, store, fail };
    }

    it.each([507, 500, 403, 423])('and then have the new one under its name (%i)', async (status) => {
      const { server, store, fail } = await startWith(status, { movesInTwoSteps: true });
      fail(1);
      await put(store, 'o', 'newer');
      expect((await get(store, 'o')).toString()).toBe('newer');
      expect((await store.head(key('o'))).etag).toBe(hash('md5', 'newer'));
      expect(temporaries(server)).toEqual([]);
    });

    it.each([
      [507, 'InsufficientStorage'],
      [500, 'ServiceUnavailable'],
    ])(
      'and give the new one its name with the next look, where it cannot have it at once (%i)',
      async (status, code) => {
        const { server, store, fail } = await startWith(status, { movesInTwoSteps: true });
        const onlyIfNew = { conditions: { ifNoneMatch: '*' } } as const;
        for (const [kept, look] of [
          ['one', async () => expect((await get(store, 'o')).toString()).toBe('one')],
          ['other', async () => expect(await listAll(store)).toEqual(['o'])],
          ['third', async () => expect(await listAll(open(server, { traits }).store())).toEqual(['o'])],
          ['last', async () => expect(await codeOf(() => put(store, 'o', 'x', onlyIfNew))).toBe('PreconditionFailed')],
        ] as const) {
          fail(1_000);
          expect(await codeOf(() => put(store, 'o', kept))).toBe(code);
          expect(fs.existsSync(path.join(server.root, 'o'))).toBe(false);
          expect(temporaries(server)).toEqual([]);
          expect(await codeOf(() => get(store, 'o'))).toBe(code);
          fail(0);
          await look();
          expect(fs.readFileSync(path.join(server.root, 'o'), 'utf8')).toBe(kept);
          expect((await store.head(key('o'))).etag).toBe(hash('md5', kept));
          expect(stranded(server)).toEqual([]);
        }
      },
    );

    it('and have it swept by nobody, where it cannot be moved at all', async () => {
      const { server, gateway, store, fail } = await startWith(500, { movesInTwoSteps: true });
      fail(1_000, true);
      expect(await codeOf(() => put(store, 'o', 'newer'))).toBe('ServiceUnavailable');
      const [kept] = temporaries(server);
      const longAgo = new Date(Date.now() - 3 * 86_400_000);
      fs.utimesSync(path.join(server.root, '.bucketway/tmp', String(kept)), longAgo, longAgo);
      await gateway.storage.sweep();
      expect(temporaries(server)).toEqual([kept]);
      fail(0);
      await gateway.storage.sweep();
      expect([temporaries(server), stranded(server)]).toEqual([[], ['o']]);
      // By a gateway that knows nothing of it.
      expect((await get(open(server, { traits }).store(), 'o')).toString()).toBe('newer');
    });

    it('and show none of it once it is removed, or written again', async () => {
      const { server, gateway, store, fail } = await startWith(500, { movesInTwoSteps: true });
      for (const action of [
        () => gateway.driver.removeFile('o' as StoragePath),
        async () => {
          fs.writeFileSync(path.join(server.root, 'o'), 'of another');
          expect((await get(store, 'o')).toString()).toBe('of another');
          await store.delete(key('o'), {});
        },
      ]) {
        fail(0);
        await put(store, 'o', 'old');
        fail(1_000);
        expect(await codeOf(() => put(store, 'o', 'newer'))).toBe('ServiceUnavailable');
        await action();
        fail(0);
        expect(await codeOf(() => get(store, 'o'))).toBe('NoSuchKey');
        expect(await listAll(store)).toEqual([]);
        expect(stranded(server)).toEqual([]);
      }
    });

    it('or not: then the old one stays, and nothing else', async () => {
      const { server, store, fail } = await startWith(507, {});
      fail(1_000);
      expect(await codeOf(() => put(store, 'o', 'newer'))).toBe('InsufficientStorage');
      expect((await get(store, 'o')).toString()).toBe('old');
      expect(temporaries(server)).toEqual([]);
    });
  });

  describe('may remove a record before they fail to replace it', () => {
    const attributes = { headers: { 'content-type': 'a/b' }, metadata: { m: '1' }, tags: [{ key: 't', value: 'old' }] };
    const tags = [{ key: 't', value: 'new' }];

    it.each<[string, (store: FileObjectStore) => Promise<unknown>]>([
      ['an overwrite', (store) => put(store, 'o', 'newer', { attributes })],
      ['a change of tags', (store) => store.putTags(key('o'), tags)],
    ])('and keep it all the same: %s', async (_, write) => {
      let failing = false;
      const failsMove = (target: string): number | undefined =>
        failing && /meta\/[0-9a-f]{2}\//.test(target) ? 507 : undefined;
      const server = await start({ movesInTwoSteps: true, failsMove });
      const traits = { ...WELL, atomicReplace: false };
      const store = open(server, { traits }).store();
      await put(store, 'o', 'old', { attributes });
      await put(store, 'other', 'x');
      failing = true;
      expect(await codeOf(() => write(store))).toBe('InsufficientStorage');
      // Again, with nothing but the spare left.
      expect(await codeOf(() => write(store))).toBe('InsufficientStorage');
      for (const one of [store, open(server, { traits }).store()]) {
        expect((await get(one, 'o')).toString()).toBe('old');
        const { etag, attributes: found } = await one.head(key('o'));
        expect(etag).toBe(hash('md5', 'old'));
        expect(found).toMatchObject({ headers: attributes.headers, metadata: attributes.metadata });
      }
      failing = false;
      await write(store);
      const records = (): string[] => fs.readdirSync(path.join(server.root, '.bucketway/meta'));
      expect(records().filter((name) => name.length > 2)).toEqual([]);
      expect((await store.head(key('o'))).attributes.metadata).toEqual({ m: '1' });
    });

    it('and keep the part that it is of', async () => {
      let failing = false;
      const failsMove = (target: string): number | undefined =>
        failing && /uploads\/.*\/parts\//.test(target) ? 507 : undefined;
      const server = await start({ movesInTwoSteps: true, failsMove });
      const { multipart } = open(server, { traits: { ...WELL, atomicReplace: false } }).store();
      const upload = await multipart.create({ key: key('m'), attributes, initiator: 'me' });
      const putPart = (content: string): Promise<unknown> =>
        multipart.putPart(upload.key, upload.uploadId, 1, bodyOfBytes(content));
      await putPart('first');
      failing = true;
      expect(await codeOf(() => putPart('again'))).toBe('InsufficientStorage');
      const etag = hash('md5', 'again');
      await multipart.complete({ ...upload, parts: [{ number: 1, etag }], conditions: {} });
      const left = (folder: string): string[] => fs.readdirSync(path.join(server.root, '.bucketway', folder));
      expect(left('meta').filter((name) => name.length > 2)).toEqual([]);
      expect(left('uploads').flatMap((name) => left(`uploads/${name}`))).toEqual([]);
    });

    it('and show none of it once its object is removed', async () => {
      let failing = false;
      const failsMove = (target: string): number | undefined =>
        failing && /meta\/[0-9a-f]{2}\//.test(target) ? 500 : undefined;
      const server = await start({ movesInTwoSteps: true, failsMove });
      const store = open(server, { traits: { ...WELL, atomicReplace: false } }).store();
      await put(store, 'o', 'old', { attributes });
      failing = true;
      await codeOf(() => store.putTags(key('o'), tags));
      expect(fs.readdirSync(path.join(server.root, '.bucketway/meta')).some((name) => name.length > 2)).toBe(true);
      await store.delete(key('o'), {});
      expect(fs.readdirSync(path.join(server.root, '.bucketway/meta')).filter((name) => name.length > 2)).toEqual([]);
    });
  });

  it.each<[string, StandInQuirks['foldsNames'], string, string]>([
    ['case', (name) => name.toLowerCase(), 'Report', 'report'],
    ['normalization', (name) => name.normalize('NFC'), 'e\u0301', '\u00e9'],
  ])(
    'may not tell %s: no object is replaced or removed under the name of another',
    async (_, foldsNames, one, other) => {
      const server = await start({ ...(foldsNames && { foldsNames }) });
      const { driver, store: at } = open(server);
      const store = at();
      await put(store, one, 'kept');
      await put(store, `d${one}/in`, 'kept');
      expect(driver.capabilities.exactNames).toBe(false);
      expect(await codeOf(() => put(store, other, 'other'))).toBe('UnsupportedKey');
      expect(await codeOf(() => put(store, `d${other}/in`, 'other'))).toBe('UnsupportedKey');
      expect(await codeOf(() => put(store, `d${other}/new`, 'other'))).toBe('UnsupportedKey');
      await store.delete(key(other), {});
      await store.delete(key(`d${other}/in`), {});
      for (const name of [one, `d${one}/in`]) {
        expect((await get(store, name)).toString()).toBe('kept');
        expect((await store.head(key(name))).etag).toBe(hash('md5', 'kept'));
        await put(store, name, 'newer');
        expect((await get(store, name)).toString()).toBe('newer');
      }
      await store.delete(key(one), {});
      await put(store, other, 'other');
      expect(await listAll(store)).toEqual([`d${one}/in`, other].toSorted());
    },
  );

  describe('may lose the disk behind them', () => {
    it.each<[string, (root: string) => void, (root: string) => void]>([
      ['with the collection', (root) => fs.renameSync(root, `${root}-away`), () => undefined],
      [
        'and have its empty mount point instead',
        (root) => {
          fs.renameSync(root, `${root}-away`);
          fs.mkdirSync(root);
        },
        (root) => fs.rmdirSync(root),
      ],
    ])('%s: nothing is taken for absent, nor written in its place', async (_, lose, clear) => {
      const server = await start({});
      const { files, store: at } = open(server, { listingCacheSeconds: 0 });
      await put(at('b'), 'd/o', 'kept');
      const store = at('b');
      expect(await codeOf(() => store.head(key('none')))).toBe('NoSuchKey');
      lose(server.root);
      for (const action of [
        () => listAll(store),
        () => listAll(at()),
        () => store.head(key('d/o')),
        () => get(store, 'd/o'),
        () => store.delete(key('d/o'), {}),
        () => put(store, 'd/o', 'lost'),
        () => put(store, 'new', 'lost'),
        // Again, once it is forgotten which folders were there.
        () => put(store, 'new', 'lost'),
      ])
        expect(await codeOf(action)).toBe('ServiceUnavailable');
      await expect(files.ping()).rejects.toMatchObject({ code: 'unavailable' });
      clear(server.root);
      fs.renameSync(`${server.root}-away`, server.root);
      expect(await listAll(store)).toEqual(['d/o']);
      expect((await get(store, 'd/o')).toString()).toBe('kept');
      expect(await codeOf(() => store.head(key('none')))).toBe('NoSuchKey');
    });
  });

  it('go on where their own folders vanish', async () => {
    const server = await start({});
    const store = open(server).store();
    await put(store, 'a/b', 'x');
    await put(store, 'other', 'x');
    fs.rmSync(path.join(server.root, '.bucketway'), { recursive: true });
    fs.rmSync(path.join(server.root, 'a'), { recursive: true });
    await put(store, 'a/c', 'y');
    expect((await get(store, 'a/c')).toString()).toBe('y');
    expect((await store.head(key('a/c'))).etag).toBe(hash('md5', 'y'));
  });
});
