import { hash } from 'node:crypto';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { RemoteEntry } from '../../src/storage/remote/remote-entry.js';
import { OpenlistFiles } from '../../src/storage/openlist/openlist-files.js';
import { openOpenlist } from '../../src/storage/openlist/openlist-storage.js';
import type { OpenlistOptions } from '../../src/storage/openlist/openlist-options.js';
import { parseStoragePath, ROOT, type StoragePath } from '../../src/storage/storage-path.js';
import { codeOf } from '../support/object-bodies.js';
import { sendBytes } from '../support/openlist-downloads.js';
import { startStandIn, type StandIn } from '../support/openlist-target.js';
import { newFolder, nodeAt, OpenlistError, type OpenlistFile, type OpenlistMount } from '../support/openlist-tree.js';

const at = (text: string): StoragePath => parseStoragePath(text);
const DAY_MS = 24 * 3600_000;

describe('the traps of OpenList', () => {
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close();
  });

  async function start(
    mount: Partial<OpenlistMount> = {},
    options: Partial<OpenlistOptions> = {},
  ): Promise<StandIn & { readonly files: OpenlistFiles }> {
    const target = await startStandIn(mount, options);
    const files = new OpenlistFiles(target.options);
    closing.push(
      () => target[Symbol.asyncDispose](),
      () => files.close(),
    );
    return { ...target, files };
  }

  /** Puts a file on the drive without OpenList. */
  function place(mount: OpenlistMount, path: string, content: string, mtimeMs = Date.now()): OpenlistFile {
    const segments = path.split('/');
    const name = segments.pop() as string;
    let folder = mount.root;
    for (const segment of segments) {
      const next = folder.children.get(segment) ?? newFolder();
      if (next.kind === 'file') throw new Error(`${segment} is a file`);
      folder.children.set(segment, next);
      folder = next;
    }
    const file: OpenlistFile = { kind: 'file', content: Buffer.from(content), mtimeMs };
    folder.children.set(name, file);
    return file;
  }

  async function read(files: OpenlistFiles, path: string): Promise<string> {
    const entry = (await files.stat(at(path))) as RemoteEntry;
    const reader = await files.read(at(path), entry, 0, entry.size);
    const buffer = Buffer.alloc(entry.size + 1);
    let size = 0;
    for (let count = -1; count !== 0; size += count) count = await reader.read(buffer.subarray(size));
    return buffer.toString('utf8', 0, size);
  }

  describe('a drive that is out of order', () => {
    it.each([
      ['whose driver looks names up', { getter: true, driver: 'S3' }],
      ['whose driver lists folders only', { getter: false, driver: 'OneDrive' }],
      ['with a cache', { getter: false, driver: 'OneDrive', cached: true }],
      ['on a local disk', { getter: true, driver: 'Local' }],
    ])('does not look like an empty one: %s', async (_, mount) => {
      const { files, mount: drive } = await start(mount);
      place(drive, 'd/f', 'x');
      expect(await files.stat(at('d/f'))).toBeDefined();
      drive.outage = 'dial tcp 10.1.2.3:443: i/o timeout';
      drive.cache.clear();
      expect(await codeOf(() => files.stat(at('d/f')))).toBe('unavailable');
      expect(await codeOf(() => files.list(at('d')))).toBe('unavailable');
      expect(await codeOf(() => files.list(ROOT))).toBe('unavailable');
      expect(await codeOf(() => files.removeFile(at('d/f')))).toBe('unavailable');
      expect(await codeOf(() => files.move(at('d/f'), at('d/g'), 'replace'))).toBe('unavailable');
      delete drive.outage;
      expect(await files.stat(at('d/f'))).toBeDefined();
    });

    it('does not look like an empty one when its storage has no driver that runs', async () => {
      const { files, mount, server } = await start({ driver: 'OneDrive' });
      place(mount, 'f', 'x');
      mount.status = 'token expired';
      await files.probe().catch(() => undefined);
      expect(await codeOf(() => files.stat(at('f')))).toBe('unavailable');
      expect(await codeOf(() => files.list(ROOT))).toBe('unavailable');
      await expect(files.probe()).rejects.toThrow(/storage \/drive is not ready, repair it there: token expired/);
      server.mounts.splice(0);
      await expect(files.probe()).rejects.toThrow(/has no folder \/drive/);
      expect(await codeOf(() => files.list(ROOT))).toBe('unavailable');
      expect(await codeOf(() => files.stat(at('f')))).toBe('unavailable');
    });
  });

  describe('answers', () => {
    it('that are web pages are never data', async () => {
      const { files, server } = await start();
      server.intercept = (_, response) => {
        response
          .writeHead(200, { 'content-type': 'text/html' })
          .end('<html>{"code":200,"data":{"content":null}}</html>');
        return true;
      };
      for (const call of [
        () => files.list(ROOT),
        () => files.stat(at('f')),
        () => files.makeFolder(at('d')),
        () => files.removeFile(at('f')),
        () => files.move(at('a'), at('b'), 'replace'),
        () => files.probe(),
        async () => (await files.put(at('f'), 0)).end(),
        () => files.read(at('f'), { name: 'f', kind: 'file', size: 62, mtimeMs: 0, identity: '0-3e' }, 0, 62),
      ])
        expect(await codeOf(call)).toBe('unavailable');
    });

    it.each([
      ['no JSON', 'nothing'],
      ['no envelope', '[]'],
      ['an envelope without a code', '{"message":"success"}'],
    ])('that hold %s are refused', async (_, body) => {
      const { files, server } = await start();
      server.intercept = (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' }).end(body);
        return true;
      };
      expect(await codeOf(() => files.list(ROOT))).toBe('unavailable');
    });

    it('that say "null" of an empty folder are an empty list', async () => {
      const { files } = await start();
      expect(await files.list(ROOT)).toHaveLength(0);
    });
  });

  it('never asks to remove a name that is empty, which removes the folder', async () => {
    const { files, mount } = await start();
    place(mount, 'd/f', 'x');
    expect(await codeOf(() => files.removeFile(ROOT))).not.toBe('none');
    expect(await codeOf(() => files.removeFolder(ROOT))).toBe('denied');
    expect(await codeOf(() => files.removeFile('d/' as StoragePath))).toBe('unsupported-name');
    expect(await read(files, 'd/f')).toBe('x');
  });

  it('leaves what a cut upload has written under a name that nobody reads, and only there', async () => {
    const { files, mount } = await start();
    place(mount, 'f', 'the old content');
    const writer = await files.put(at('temporary'), 1_000_000);
    await writer.write(Buffer.alloc(300_000));
    writer.abort();
    expect(await read(files, 'f')).toBe('the old content');
    await expect.poll(() => nodeAt(mount.root, '/temporary')).toBeDefined();
  });

  it('tells a file as the drive has it, not as OpenList was told, after a write and after a move that copies', async () => {
    const { files, mount } = await start({ driver: 'OneDrive', cached: true, ownTimes: true, rename: 'copy' });
    const writer = await files.put(at('tmp/f'), 5);
    await writer.write(Buffer.from('hello'));
    await writer.end();
    const uploaded = (nodeAt(mount.root, '/tmp/f') as OpenlistFile).mtimeMs;
    expect((await files.stat(at('tmp/f')))?.mtimeMs).toBe(Math.floor(uploaded / 1000) * 1000);
    await files.makeFolder(at('d'));
    const moved = await files.move(at('tmp/f'), at('d/f'), 'replace');
    expect(moved?.mtimeMs).toBe(Math.floor((nodeAt(mount.root, '/d/f') as OpenlistFile).mtimeMs / 1000) * 1000);
    expect(await files.stat(at('d/f'))).toEqual(moved);
    expect(moved?.mtimeMs).not.toBe(uploaded);
  });

  it('stops looking at a drive after moves once it is known to keep times', async () => {
    const { files, mount, server } = await start({ driver: 'OneDrive', cached: true });
    place(mount, 'd/a', 'x', Date.now() - DAY_MS);
    const refreshes = (): number =>
      server.seen.filter(({ body }) => (body as { refresh?: boolean } | undefined)?.refresh).length;
    await files.move(at('d/a'), at('d/b'), 'replace');
    expect(refreshes()).toBe(1);
    expect(await files.move(at('d/b'), at('d/c'), 'replace')).toBeUndefined();
    expect(refreshes()).toBe(1);
  });

  it('notices an upload of which the drive stored less than OpenList says', async () => {
    const { files, mount } = await start({ driver: 'OneDrive', cached: true });
    const writer = await files.put(at('f'), 5);
    await writer.write(Buffer.from('hello'));
    (nodeAt(mount.root, '/f') as OpenlistFile).content = Buffer.from('hell');
    await expect(writer.end()).rejects.toThrow(/stored 4 of the 5 bytes/);
  });

  it('notices an upload that the drive stored otherwise', async () => {
    const { files, mount } = await start({ driver: 'OneDrive', hash: 'sha1' });
    place(mount, 'seen', 'so that the hashes of the drive are known');
    await files.list(ROOT);
    const writer = await files.put(at('f'), 5);
    const writing = writer.write(Buffer.from('hello'));
    await writing;
    (nodeAt(mount.root, '/f') as OpenlistFile).content = Buffer.from('jello');
    await expect(writer.end()).rejects.toThrow(/other bytes than were sent: their sha1 differs/);
  });

  describe('listings', () => {
    it('hold what can be asked for, once', async () => {
      const { files, mount } = await start();
      for (const name of ['good', 'back\\slash', '9', '10']) place(mount, 'x', '').content = Buffer.from(name);
      for (const name of ['good', 'back\\slash', '9', '10']) {
        mount.root.children.set(name, { kind: 'file', content: Buffer.from(name), mtimeMs: 0 });
      }
      mount.root.children.delete('x');
      expect([...(await files.list(ROOT))].map(({ name }) => name)).toEqual(['9', '10', 'good']);
    });

    it('are asked for past the cache when they are due', async () => {
      const never = await start({ cached: true, driver: 'OneDrive' });
      place(never.mount, 'd/a', '');
      await never.files.list(at('d'));
      place(never.mount, 'd/b', '');
      expect(await never.files.list(at('d'))).toHaveLength(1);

      const always = await start({ cached: true, driver: 'OneDrive' }, { refresh: 'always' });
      place(always.mount, 'd/a', '1');
      await always.files.list(at('d'));
      place(always.mount, 'd/b', '');
      expect(await always.files.list(at('d'))).toHaveLength(2);
      place(always.mount, 'd/a', '12345');
      expect(await always.files.stat(at('d/a'))).toMatchObject({ size: 5 });

      const aged = await start({ cached: true, driver: 'OneDrive' }, { refresh: { olderThanSeconds: 3600 } });
      place(aged.mount, 'd/a', '');
      await aged.files.list(at('d'));
      place(aged.mount, 'd/b', '');
      expect(await aged.files.list(at('d'))).toHaveLength(1);
      const refreshes = aged.server.seen.filter(({ body }) => (body as { refresh?: boolean } | undefined)?.refresh);
      expect(refreshes).toHaveLength(1);
    });

    it('clear away what interrupted moves have left, and only that', async () => {
      const { files, mount } = await start();
      const old = (Date.now() - 2 * DAY_MS).toString(36);
      const now = Date.now().toString(36);
      const id = '0123456789abcdef';
      place(mount, `.bucketway-moving-${old}-${id}`, 'gone');
      place(mount, `.bucketway-moving-${now}-${id}`, 'under way');
      const aside = (name: string): string => `.bucketway-aside-${hash('sha256', name).slice(0, 32)}/${name}`;
      place(mount, aside('lost'), 'comes back');
      place(mount, aside('there'), 'superseded');
      place(mount, 'there', 'new');
      place(mount, `.bucketway-leaving-${old}-${id}~folder/f`, 'comes back too');
      place(mount, `.bucketway-mine`, 'not of a move');
      const temporary = '.bucketway-01234567-89ab-cdef-0123-456789abcdef.7';
      place(mount, `${temporary}.${old}`, 'gone too', Date.now() - 2 * DAY_MS);
      // On its way to its name now, on a drive whose clock is behind.
      place(mount, `${temporary}.${now}`, 'under way', Date.now() - 2 * DAY_MS);
      await files.list(ROOT);
      await expect
        .poll(() => [...mount.root.children.keys()].toSorted())
        .toEqual([
          `${temporary}.${now}`,
          `.bucketway-mine`,
          `.bucketway-moving-${now}-${id}`,
          'folder',
          'lost',
          'there',
        ]);
      expect(await read(files, 'lost')).toBe('comes back');
      expect(await read(files, 'there')).toBe('new');
      expect(await read(files, 'folder/f')).toBe('comes back too');
    });
  });

  it('gives a file back to its name where it cannot take the target, after it was moved halfway', async () => {
    const { files, mount } = await start();
    place(mount, 'tmp/one', 'new');
    place(mount, 'd/folder/f', 'kept');
    expect(['exists', 'is-folder']).toContain(await codeOf(() => files.move(at('tmp/one'), at('d/folder'), 'replace')));
    expect([...mount.root.children.keys()]).toEqual(['tmp', 'd']);
    expect(await read(files, 'tmp/one')).toBe('new');
  });

  it('removes no folder into which something has come since it was seen empty', async () => {
    const { files, mount, server } = await start();
    await files.makeFolder(at('d/sub'));
    server.intercept = (request) => {
      // Before the folder steps aside, somebody writes to it; and when it comes back, somebody has made it anew.
      if (request.url === '/api/fs/rename' && !mount.root.children.has('seen')) {
        place(mount, 'd/sub/late', 'kept');
        place(mount, 'seen', '');
      } else if (request.url === '/api/fs/rename') {
        place(mount, 'd/sub/newer', 'kept too');
      }
      return false;
    };
    expect(await codeOf(() => files.removeFolder(at('d/sub')))).toBe('not-empty');
    expect(await read(files, 'd/sub/late')).toBe('kept');
    expect(await read(files, 'd/sub/newer')).toBe('kept too');
    expect([...(await files.list(at('d')))].map(({ name }) => name)).toEqual(['sub']);
  });

  it('takes no folder of a local storage that hides names with a dot for empty', async () => {
    const target = await startStandIn({ hidesDotNames: true });
    const storage = openOpenlist(target.options);
    closing.push(
      () => target[Symbol.asyncDispose](),
      () => storage.close(),
    );
    place(target.mount, 'd/.hidden', 'kept');
    expect(await storage.driver.removeFolder(at('d'))).toBe(false);
    expect(nodeAt(target.mount.root, '/d/.hidden')).toBeDefined();
  });

  it('moves a temporary file in two steps, under a name that is hidden on the way', async () => {
    const { files, mount, server } = await start();
    const name = `.bucketway-01234567-89ab-cdef-0123-456789abcdef.7.${Date.now().toString(36)}`;
    place(mount, `.bucketway/tmp/${name}`, 'new');
    place(mount, 'd/f', 'old');
    await files.move(`.bucketway/tmp/${name}` as StoragePath, at('d/f'), 'replace');
    const calls = server.seen.filter(({ path }) => /rename|move/.test(path)).map(({ path, body }) => [path, body]);
    expect(calls).toEqual([
      ['/api/fs/move', expect.objectContaining({ names: [name], dst_dir: '/drive/d' })],
      ['/api/fs/rename', { path: `/drive/d/${name}`, name: 'f', overwrite: true }],
    ]);
    expect(await read(files, 'd/f')).toBe('new');
  });

  it('replaces where a rename refuses taken names, and keeps the old file where that fails', async () => {
    const { files, mount, server } = await start({ rename: 'refuse' }, { atomicRename: false });
    place(mount, 'd/target', 'old');
    place(mount, 'd/new', 'new');
    await files.move(at('d/new'), at('d/target'), 'replace');
    expect(await read(files, 'd/target')).toBe('new');
    expect([...(await files.list(at('d')))].map(({ name }) => name)).toEqual(['target']);

    place(mount, 'd/newer', 'newer');
    let renames = 0;
    server.intercept = (request, response) => {
      if (request.url !== '/api/fs/rename' || ++renames !== 1) return false;
      request.resume();
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"code":500,"message":"try later"}');
      return true;
    };
    expect(await codeOf(() => files.move(at('d/newer'), at('d/target'), 'replace'))).toBe('unavailable');
    expect(await read(files, 'd/target')).toBe('new');
    expect(await read(files, 'd/newer')).toBe('newer');
  });

  it('says that a path without a storage cannot be written', async () => {
    const { server } = await start();
    const files = new OpenlistFiles({
      ...(await startStandIn()).options,
      url: server.url,
      token: server.token,
      path: '/',
    });
    closing.push(() => files.close());
    expect([...(await files.list(ROOT))].map(({ name, kind }) => [name, kind])).toEqual([['drive', 'folder']]);
    expect(await files.stat(at('f'))).toBeUndefined();
    const writer = await files.put(at('f'), 1);
    expect(await codeOf(async () => writer.write(Buffer.from('x')).then(() => writer.end()))).toBe('read-only');
  });

  describe('downloads that are redirected', () => {
    async function startDrive(
      allowed: boolean,
    ): Promise<{ files: OpenlistFiles; headers: NodeJS.Dict<string | string[]>[]; url: string; mount: OpenlistMount }> {
      const headers: NodeJS.Dict<string | string[]>[] = [];
      const drive = createServer((request, response) => {
        headers.push(request.headers);
        sendBytes(request, response, Buffer.from('0123456789'), 'of-the-drive');
      });
      drive.listen(0, '127.0.0.1');
      await once(drive, 'listening');
      closing.push(() => drive.close());
      const host = `127.0.0.1:${(drive.address() as AddressInfo).port}`;
      const { files, mount } = await start(
        { driver: 'S3', redirect: (path) => `http://${host}/presigned${path}?signature=1` },
        { redirectReads: true, allowedRedirectHosts: allowed ? [host] : [] },
      );
      place(mount, 'f', '0123456789');
      return { files, headers, url: `http://${host}/presigned/drive/f?signature=1`, mount };
    }

    it('are followed with their range and without credentials', async () => {
      const { files, headers } = await startDrive(true);
      const entry = (await files.stat(at('f'))) as RemoteEntry;
      const reader = await files.read(at('f'), entry, 2, 5);
      const buffer = Buffer.alloc(10);
      expect(buffer.toString('latin1', 0, await reader.read(buffer))).toBe('234');
      expect(headers).toHaveLength(1);
      expect(headers[0]).toMatchObject({ range: 'bytes=2-4' });
      expect(headers[0]).not.toHaveProperty('authorization');
    });

    it('are refused to private addresses', async () => {
      const { files, headers } = await startDrive(false);
      const entry = (await files.stat(at('f'))) as RemoteEntry;
      await expect(files.read(at('f'), entry, 0, 5)).rejects.toThrow(/allowedRedirectHosts/);
      expect(headers).toHaveLength(0);
    });

    it('may be handed to clients', async () => {
      const { files, url, mount } = await startDrive(true);
      expect(await files.downloadUrl(at('f'))).toBe(url);
      delete mount.redirect;
      expect(await files.downloadUrl(at('f'))).toBeUndefined();
    });
  });

  describe('a storage that leads back to this gateway', () => {
    /** What OpenList's S3 storage finds in a bucket on that OpenList: it looks for a file, and then for a folder. */
    function lookUpThrough(files: OpenlistFiles): NonNullable<OpenlistMount['lookUp']> {
      return async (path) => {
        if (path === '/') return newFolder();
        if ((await files.stat(at(path.slice(1)))) !== undefined) return newFolder();
        try {
          await files.list(at(path.slice(1)));
          return newFolder();
        } catch (error) {
          const code = (error as { code?: string }).code;
          if (code === 'not-found') return undefined;
          throw new OpenlistError(
            500,
            `failed to get obj: failed to list objects v2 with prefix: ${code === 'unsupported-name' ? 'UnsupportedKey' : 'ServiceUnavailable'}`,
          );
        }
      };
    }

    it('is found and refused, over another replica, and served again when it leads elsewhere', async () => {
      const { files, mount, options } = await start({ driver: 'S3' });
      const replica = new OpenlistFiles(options);
      closing.push(() => replica.close());
      mount.lookUp = lookUpThrough(replica);
      await expect(files.probe()).rejects.toThrow(/leads back to this gateway/);
      mount.outage = 'ServiceUnavailable';
      await expect(files.probe()).rejects.toThrow(/leads back to this gateway/);
      delete mount.outage;
      delete mount.lookUp;
      await expect(files.probe()).resolves.toBeUndefined();
    });

    it('below the served folder is hidden and refused, and the rest is served', async () => {
      const { files, mount, server } = await start();
      place(mount, 'mine', 'x');
      const inner = server.mount('/drive/loop', { driver: 'S3' });
      inner.lookUp = lookUpThrough(files);
      expect([...(await files.list(ROOT))].map(({ name }) => name)).toEqual(['mine']);
      await files.probe();
      expect([...(await files.list(ROOT))].map(({ name }) => name)).toEqual(['mine']);
      expect(await codeOf(() => files.stat(at('loop/mine')))).toBe('denied');
      expect(await codeOf(() => files.put(at('loop/x'), 1))).toBe('denied');
      expect(await read(files, 'mine')).toBe('x');
    });

    it('is not made up: nobody can name a probe without the token', async () => {
      const { files, server } = await start();
      const name = `bucketway-loop-probe-${'0'.repeat(32)}-${'0'.repeat(64)}`;
      expect(await files.stat(at(name))).toBeUndefined();
      expect(server.seen.some(({ path }) => path.includes(name))).toBe(true);
    });
  });
});
