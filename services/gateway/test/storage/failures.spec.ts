import fs from 'node:fs';
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ObjectKey } from '../../src/http/object-key.js';
import type { PartInfo } from '../../src/objects/multipart-store.js';
import type { ObjectBody } from '../../src/objects/object-body.js';
import { toS3Error } from '../../src/objects/to-s3-error.js';
import { toStorageError } from '../../src/storage/local/errno.js';
import { QUEUED_CALLS, type FileCalls } from '../../src/storage/local/file-calls.js';
import { bodyOfBytes, codeOf, get, listAll, NO_ATTRIBUTES, put } from '../support/object-bodies.js';
import { canMount, mountBind, mountTmpfs, remount } from '../support/mounts.js';
import { leftovers, makeStorage, openStorage, type StorageFixture } from '../support/storage-fixture.js';

const key = (text: string): ObjectKey => text as ObjectKey;
const MIB = 1024 * 1024;

function errno(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code });
}

let cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.toReversed()) cleanup();
  cleanups = [];
});

function fixtureOf(made: StorageFixture): StorageFixture {
  cleanups.push(() => made.close());
  return made;
}

describe('the storage’s errors', () => {
  it.each([
    ['ENOSPC', 'InsufficientStorage'],
    ['EDQUOT', 'QuotaExceeded'],
    ['EROFS', 'AccessDenied'],
    ['EACCES', 'AccessDenied'],
    ['EMFILE', 'SlowDown'],
    ['ENFILE', 'SlowDown'],
    ['ESTALE', 'ServiceUnavailable'],
    ['EIO', 'ServiceUnavailable'],
    ['ENAMETOOLONG', 'KeyTooLongError'],
    ['EWHATEVER', 'InternalError'],
  ])('%s is %s, something that a client can act on', (code, expected) => {
    expect(toS3Error(toStorageError(errno(code)))).toMatchObject({ code: expected });
  });

  const CALLS = ['open', 'rename', 'fsync', 'fstat', 'mkdir', 'readlink'] as const;
  it.each(CALLS.flatMap((call) => ['ENOSPC', 'EIO'].map((code) => [call, code] as const)))(
    'in %s (%s) leave the old object, and nothing else',
    async (call, code) => {
      let failing = false;
      const failed = vi.fn<() => void>();
      const calls: FileCalls = {
        ...QUEUED_CALLS,
        [call]: (...args: never[]) => {
          const path = String(args[0]);
          // Not the locks: a lock that cannot be taken back is another story.
          if (failing && !path.includes('/locks')) {
            failed();
            return Promise.reject(errno(code));
          }
          return (QUEUED_CALLS[call] as (...all: never[]) => unknown)(...args);
        },
      };
      const { store, root } = fixtureOf(makeStorage({ calls, durability: 'directory' }));
      await put(store(), 'o', 'old');
      // A folder that was written to just now is still open.
      const key = call === 'mkdir' || call === 'readlink' ? 'new/folder/o' : 'o';
      failing = true;
      const answer = await codeOf(() => put(store(), key, 'new'));
      failing = false;
      expect(failed).toHaveBeenCalled();
      expect(answer).toBe(code === 'EIO' ? 'ServiceUnavailable' : 'InsufficientStorage');
      expect((await get(store(), 'o')).toString()).toBe('old');
      expect(await listAll(store(), { delimiter: '/' })).toEqual(['o']);
      expect(leftovers(root)).toEqual([]);
      await put(store(), 'o', 'new');
    },
  );
});

describe.runIf(canMount())('a filesystem of its own (needs root, to mount it)', () => {
  let folder: string;
  beforeEach(() => {
    folder = fs.mkdtempSync('/tmp/storage-mount-');
    cleanups.push(() => fs.rmSync(folder, { recursive: true, force: true }));
  });

  function mounted(options?: string): string {
    cleanups.push(mountTmpfs(folder, options));
    return folder;
  }

  it.each(['xattr', 'sidecar'] as const)(
    'that is full keeps the old object, and takes a new one once there is room (%s)',
    async (metadata) => {
      const { store, root } = fixtureOf(openStorage(mounted('size=4m'), { metadata }));
      await put(store(), 'o', Buffer.alloc(MIB, 'o'));
      expect(await codeOf(() => put(store(), 'o', Buffer.alloc(8 * MIB)))).toBe('InsufficientStorage');
      expect((await get(store(), 'o')).equals(Buffer.alloc(MIB, 'o'))).toBe(true);
      expect(leftovers(root)).toEqual([]);
      const upload = await store().multipart.create({ key: key('m'), attributes: NO_ATTRIBUTES, initiator: 'me' });
      const part = (size: number): Promise<unknown> =>
        store().multipart.putPart(key('m'), upload.uploadId, 1, bodyOfBytes(Buffer.alloc(size)));
      expect(await codeOf(() => part(8 * MIB))).toBe('InsufficientStorage');
      await store().multipart.abort(key('m'), upload.uploadId);
      fs.writeFileSync(path.join(root, 'filler'), '');
      expect(() => fs.appendFileSync(path.join(root, 'filler'), Buffer.alloc(8 * MIB))).toThrow();
      expect(await codeOf(() => put(store(), 'p', 'x'))).toBe('InsufficientStorage');
      expect(await codeOf(() => store().delete(key('o'), {}))).toBe('none');
      await put(store(), 'p', 'x');
      expect(await listAll(store())).toEqual(['filler', 'p']);
      expect(leftovers(root)).toEqual([]);
    },
  );

  it('that is full when the gateway starts loses no object its metadata', async () => {
    const root = mounted('size=1m');
    const first = openStorage(root);
    const { etag } = await put(first.store(), 'o', 'x', { attributes: { ...NO_ATTRIBUTES, metadata: { a: 'b' } } });
    first.close();
    fs.writeFileSync(path.join(root, 'filler'), '');
    expect(() => fs.appendFileSync(path.join(root, 'filler'), Buffer.alloc(8 * MIB))).toThrow();
    const { store } = fixtureOf(openStorage(root));
    for (let i = 0; i < 3; i++) {
      expect(await store().head(key('o'))).toMatchObject({ etag, attributes: { metadata: { a: 'b' } } });
      expect(await codeOf(() => put(store(), 'p', 'x'))).toBe('InsufficientStorage');
    }
    expect(fs.readdirSync(path.join(root, '.bucketway/owners')).length).toBeLessThanOrEqual(1);
    fs.rmSync(path.join(root, 'filler'));
    await put(store(), 'p', 'x', { attributes: { ...NO_ATTRIBUTES, metadata: { c: 'd' } } });
    expect(await store().head(key('p'))).toMatchObject({ attributes: { metadata: { c: 'd' } } });
    expect(await store().head(key('o'))).toMatchObject({ etag, attributes: { metadata: { a: 'b' } } });
  });

  it('that is read-only is read, and refuses what writes', async () => {
    const root = mounted();
    const first = openStorage(root);
    const { etag } = await put(first.store(), 'd/o', 'x');
    first.close();
    remount(root, 'ro');
    const { store, storage } = fixtureOf(openStorage(root));
    storage.check();
    expect((await get(store(), 'd/o')).toString()).toBe('x');
    expect((await store().head(key('d/o'))).etag).toBe(etag);
    expect(await listAll(store())).toEqual(['d/o']);
    expect(await codeOf(() => put(store(), 'd/o', 'y'))).toBe('AccessDenied');
    expect(await codeOf(() => put(store(), 'new', 'y'))).toBe('AccessDenied');
    expect(await codeOf(() => store().delete(key('d/o'), {}))).toBe('AccessDenied');
    expect(await codeOf(() => store().putTags(key('d/o'), []))).toBe('AccessDenied');
    expect(
      await codeOf(() => store().multipart.create({ key: key('m'), attributes: NO_ATTRIBUTES, initiator: 'me' })),
    ).toBe('AccessDenied');
    remount(root, 'rw');
    await put(store(), 'd/o', 'y');
    // The file that stands for its locks is open for a moment longer.
    await vi.waitFor(() => remount(root, 'ro'), { timeout: 60_000, interval: 200 });
    expect(await codeOf(() => put(store(), 'd/o', 'z'))).toBe('AccessDenied');
    expect((await get(store(), 'd/o')).toString()).toBe('y');
    remount(root, 'rw');
  });

  it('without extended attributes keeps its records beside the files', async () => {
    cleanups.push(mountBind(folder, folder));
    const ram = path.join(folder, 'ram');
    fs.mkdirSync(ram);
    const { execFileSync } = await import('node:child_process');
    execFileSync('mount', ['-t', 'ramfs', 'ramfs', ram]);
    cleanups.push(() => execFileSync('umount', ['-l', ram]));
    const { store, storage } = fixtureOf(openStorage(ram));
    await put(store(), 'o', 'x', { attributes: { ...NO_ATTRIBUTES, metadata: { a: 'b' } } });
    expect(storage.records).toBe(false);
    expect((await store().head(key('o'))).attributes.metadata).toEqual({ a: 'b' });
  });

  it.each(['tmpfs', 'bind'])('that is mounted below the root takes objects and uploads (%s)', async (kind) => {
    const { store, root } = fixtureOf(openStorage(folder));
    const inner = path.join(root, 'inner');
    const elsewhere = fs.mkdtempSync('/tmp/storage-bound-');
    cleanups.push(() => fs.rmSync(elsewhere, { recursive: true, force: true }));
    // A mount that comes while the gateway runs: the first write finds it.
    store();
    cleanups.push(kind === 'tmpfs' ? mountTmpfs(inner, 'size=40m') : mountBind(elsewhere, inner));
    await put(store(), 'inner/d/o', 'x', { attributes: { ...NO_ATTRIBUTES, metadata: { a: 'b' } } });
    await put(store(), 'inner/d/o', 'yy', { attributes: { ...NO_ATTRIBUTES, metadata: { c: 'd' } } });
    expect(await store().head(key('inner/d/o'))).toMatchObject({ size: 2, attributes: { metadata: { c: 'd' } } });
    expect((await get(store(), 'inner/d/o')).toString()).toBe('yy');
    expect(await codeOf(() => put(store(), 'inner/d/o', 'z', { conditions: { ifNoneMatch: '*' } }))).toBe(
      'PreconditionFailed',
    );
    await put(store(), 'inner/new', 'x', { conditions: { ifNoneMatch: '*' } });
    const upload = await store().multipart.create({ key: key('inner/m'), attributes: NO_ATTRIBUTES, initiator: 'me' });
    const parts = [];
    for (const [i, size] of [5 * MIB, 9].entries()) {
      const { etag } = await store().multipart.putPart(
        upload.key,
        upload.uploadId,
        i + 1,
        bodyOfBytes(Buffer.alloc(size, i)),
      );
      parts.push({ number: i + 1, etag });
    }
    const { etag } = await store().multipart.complete({
      key: upload.key,
      uploadId: upload.uploadId,
      parts,
      conditions: {},
    });
    expect(await store().head(key('inner/m'))).toMatchObject({ etag, size: 5 * MIB + 9 });
    expect(await listAll(store())).toEqual(['inner/d/o', 'inner/m', 'inner/new']);
    expect(leftovers(root)).toEqual([]);
    expect(fs.readdirSync(inner).toSorted()).toEqual(['d', 'm', 'new']);
  });

  it('that comes while a storage is in use is found by the second try at the latest', async () => {
    const { store, root } = fixtureOf(openStorage(folder));
    await put(store(), 'inner/o', 'x');
    const elsewhere = path.join(root, '.elsewhere');
    cleanups.push(mountBind((fs.mkdirSync(elsewhere), elsewhere), path.join(root, 'inner')));
    expect(await codeOf(() => put(store(), 'inner/o', 'y'))).toBe('ServiceUnavailable');
    await put(store(), 'inner/o', 'y');
    expect((await get(store(), 'inner/o')).toString()).toBe('y');
    expect(leftovers(root)).toEqual([]);
  });

  it('has what a dead gateway left on it swept', async () => {
    const { store, root, replica } = fixtureOf(openStorage(folder));
    await put(store(), 'o', 'x');
    const away = path.join(root, '.bucketway-away');
    const dead = randomUUID();
    fs.writeFileSync(away, 'left');
    fs.mkdirSync(path.join(root, '.bucketway/tmp', dead));
    fs.writeFileSync(path.join(root, '.bucketway/tmp', dead, '1.away'), away);
    fs.writeFileSync(path.join(root, '.bucketway/tmp', dead, '2'), 'left');
    const next = fixtureOf(replica());
    await put(next.store(), 'p', 'x');
    await expect.poll(() => leftovers(root)).toEqual([]);
    expect(fs.existsSync(away)).toBe(false);
  });
});

describe('the folder of temporary files', () => {
  it('is made again where somebody has removed it', async () => {
    const { store, root } = fixtureOf(makeStorage());
    await put(store(), 'o', 'x');
    fs.rmSync(path.join(root, '.bucketway/tmp'), { recursive: true });
    fs.mkdirSync(path.join(root, '.bucketway/tmp'));
    await put(store(), 'o', 'y');
    expect((await get(store(), 'o')).toString()).toBe('y');
  });

  it.each([{}, { calls: QUEUED_CALLS }])('is made again with all of the gateway’s own area (%j)', async (options) => {
    const { store, root } = fixtureOf(makeStorage(options));
    await put(store(), 'o', 'x');
    fs.rmSync(path.join(root, '.bucketway'), { recursive: true });
    await put(store(), 'o', 'y');
    await put(store(), 'new', 'z');
    expect((await get(store(), 'o')).toString()).toBe('y');
    fs.rmSync(path.join(root, '.bucketway'), { recursive: true });
    await store().delete(key('new'), {});
    expect(await listAll(store())).toEqual(['o']);
  });

  it('goes with its gateway, and those of dead ones are swept', async () => {
    const one = makeStorage();
    const { root } = fixtureOf(one);
    await put(one.store(), 'o', 'x');
    const next = fixtureOf(one.replica());
    await put(next.store(), 'o', 'y');
    expect(fs.readdirSync(path.join(root, '.bucketway/tmp'))).toHaveLength(2);
    next.storage.close();
    expect(fs.readdirSync(path.join(root, '.bucketway/tmp'))).toHaveLength(1);
  });
});

describe('without descriptors', () => {
  it('answers SlowDown, and goes on once there are some', async () => {
    let none = false;
    const calls: FileCalls = {
      ...QUEUED_CALLS,
      open: (...args) => (none ? Promise.reject(errno('EMFILE')) : QUEUED_CALLS.open(...args)),
    };
    const { store, root } = fixtureOf(makeStorage({ calls }));
    await put(store(), 'o', 'x');
    none = true;
    expect(await codeOf(() => put(store(), 'o', 'y'))).toBe('SlowDown');
    expect(await codeOf(() => store().open(key('o')))).toBe('SlowDown');
    expect(await codeOf(() => listAll(store()))).toBe('SlowDown');
    none = false;
    expect((await get(store(), 'o')).toString()).toBe('x');
    expect(leftovers(root)).toEqual([]);
  });
});

describe('durability', () => {
  /** Names what is flushed, in order with what becomes visible. */
  function recorder(): { calls: FileCalls; seen: string[] } {
    const seen: string[] = [];
    const kind = (fd: number): string => (fs.fstatSync(fd).isDirectory() ? 'folder' : 'file');
    const calls: FileCalls = {
      ...QUEUED_CALLS,
      fsync: (fd) => {
        seen.push(`fsync ${kind(fd)}`);
        return QUEUED_CALLS.fsync(fd);
      },
      rename: (from, to) => {
        seen.push('rename');
        return QUEUED_CALLS.rename(from, to);
      },
      mkdir: (folder) => {
        seen.push('mkdir');
        return QUEUED_CALLS.mkdir(folder);
      },
    };
    return { calls, seen };
  }

  it.each([
    ['none', ['mkdir', 'rename']],
    ['file', ['mkdir', 'fsync file', 'rename']],
    ['directory', ['mkdir', 'fsync folder', 'fsync file', 'rename', 'fsync folder']],
  ] as const)('%s: flushes what it says, before the object shows', async (durability, expected) => {
    const { calls, seen } = recorder();
    const { store } = fixtureOf(makeStorage({ calls, durability, metadata: 'xattr' }));
    await put(store(), 'd/o', 'x');
    expect(seen).toEqual(expected);
  });

  it('file: the record is flushed with the file', async () => {
    const { calls } = recorder();
    const records: (string | undefined)[] = [];
    const { getAttributeSync } = await import('@napi-rs/xattr');
    const fsync: FileCalls['fsync'] = (fd) => {
      records.push(getAttributeSync(fs.readlinkSync(`/proc/self/fd/${fd}`), 'user.bucketway')?.toString('hex'));
      return QUEUED_CALLS.fsync(fd);
    };
    const { store } = fixtureOf(makeStorage({ calls: { ...calls, fsync }, durability: 'file', metadata: 'xattr' }));
    const { etag } = await put(store(), 'o', 'x');
    expect(records).toHaveLength(1);
    // An MD5 stands in a record as it is.
    expect(records[0]).toContain(etag);
  });
});

describe('what has gone wrong before', () => {
  it('a first part that fails does not fix the size of the others', async () => {
    const { root, store } = fixtureOf(makeStorage());
    const upload = await store().multipart.create({
      key: 'o' as ObjectKey,
      attributes: NO_ATTRIBUTES,
      initiator: 'me',
    });
    const putPart = (number: number, body: ObjectBody): Promise<PartInfo> =>
      store().multipart.putPart(upload.key, upload.uploadId, number, body);
    const layout = (): string[] =>
      fs.globSync('.bucketway/uploads/*/*/{layout,data}', { cwd: root }).map((name) => path.basename(name));
    const broken = bodyOfBytes(Buffer.alloc(11 * MIB), { breakAt: 2 * MIB });
    expect(await codeOf(() => putPart(1, broken))).toContain('went away');
    expect(layout()).toEqual([]);

    const parts = await Promise.all(
      [1, 2].map((number) => putPart(number, bodyOfBytes(Buffer.alloc(5 * MIB, number)))),
    );
    const again = bodyOfBytes(Buffer.alloc(5 * MIB), { breakAt: 2 * MIB });
    expect(await codeOf(() => putPart(3, again))).toContain('went away');
    expect(layout().toSorted()).toEqual(['data', 'layout']);
    const [data] = fs.globSync('.bucketway/uploads/*/*/data', { cwd: root }) as [string];
    const { ino } = fs.statSync(path.join(root, data));
    await store().multipart.complete({ key: upload.key, uploadId: upload.uploadId, parts, conditions: {} });
    // The parts lay where they belong: nothing was copied.
    expect(fs.statSync(path.join(root, 'o'))).toMatchObject({ ino, size: 10 * MIB });
  });

  it('a completion that died behind its rename is not done again with zeros', async () => {
    const { store, root } = fixtureOf(makeStorage());
    const upload = await store().multipart.create({ key: key('o'), attributes: NO_ATTRIBUTES, initiator: 'me' });
    const parts = [];
    for (const [i, size] of [5 * MIB, 9].entries()) {
      const { etag } = await store().multipart.putPart(
        upload.key,
        upload.uploadId,
        i + 1,
        bodyOfBytes(Buffer.alloc(size, 7)),
      );
      parts.push({ number: i + 1, etag });
    }
    // The upload as the dead process leaves it: everything but the data.
    const [data] = fs.globSync('.bucketway/uploads/*/*/data', { cwd: root }) as [string];
    fs.rmSync(path.join(root, data));
    await put(store(), 'o', 'somebody else’s');
    const request = { key: upload.key, uploadId: upload.uploadId, parts, conditions: {} };
    expect(await codeOf(() => store().multipart.complete(request))).toBe('NoSuchUpload');
    expect((await get(store(), 'o')).toString()).toBe('somebody else’s');
  });

  it('attempts to replace an object that fail do not push its record out', async () => {
    let failing = false;
    const calls: FileCalls = {
      ...QUEUED_CALLS,
      rename: (from, to) =>
        failing && to.endsWith('/o') ? Promise.reject(errno('EIO')) : QUEUED_CALLS.rename(from, to),
    };
    const { store } = fixtureOf(makeStorage({ calls, metadata: 'sidecar' }));
    const { etag } = await put(store(), 'o', 'x', { attributes: { ...NO_ATTRIBUTES, metadata: { a: 'b' } } });
    failing = true;
    for (let i = 0; i < 3; i++) expect(await codeOf(() => put(store(), 'o', `y${i}`))).toBe('ServiceUnavailable');
    expect(await store().head(key('o'))).toMatchObject({ etag, attributes: { metadata: { a: 'b' } } });
  });

  it('a body that breaks off writes nothing into a file that got its descriptor', async () => {
    const { store, root } = fixtureOf(makeStorage());
    const calls: Promise<string>[] = [];
    for (let i = 0; i < 20; i++) {
      const body = bodyOfBytes(Buffer.alloc(3 * MIB, 'A'), { breakAt: (1 + (i % 2)) * MIB });
      calls.push(codeOf(() => store().put({ key: key('broken'), body, attributes: NO_ATTRIBUTES, conditions: {} })));
      calls.push(codeOf(() => put(store(), `ok${i}`, Buffer.alloc(MIB, 'B'))));
    }
    await Promise.all(calls);
    for (let i = 0; i < 20; i++) expect((await get(store(), `ok${i}`)).equals(Buffer.alloc(MIB, 'B'))).toBe(true);
    expect(leftovers(root)).toEqual([]);
  });

  it('a bucket whose folder is not there yet comes into being with its first object', async () => {
    const { store, root } = fixtureOf(makeStorage());
    expect(await listAll(store('team/new'))).toEqual([]);
    expect(await codeOf(() => store('team/new').head(key('o')))).toBe('NoSuchKey');
    await put(store('team/new'), 'o', 'x');
    expect(fs.readFileSync(path.join(root, 'team/new/o'), 'utf8')).toBe('x');
  });

  it('a root that goes away is reported, not served as an empty one', async () => {
    const { store, storage, root } = fixtureOf(makeStorage());
    await put(store(), 'o', 'x');
    storage.check();
    fs.renameSync(root, `${root}-away`);
    expect(await codeOf(() => storage.check())).toBe('unavailable');
    fs.renameSync(`${root}-away`, root);
    storage.check();
  });

  it.each([{}, { calls: QUEUED_CALLS }])('nor are its objects said to be gone (%j)', async (options) => {
    const { store: open, root } = fixtureOf(makeStorage(options));
    const store = open('bucket');
    await put(store, 'a/o', 'x');
    fs.renameSync(root, `${root}-away`);
    for (const attempt of [
      () => listAll(store),
      () => get(store, 'a/o'),
      () => store.head(key('a/o')),
      () => store.head(key('never-there')),
      () => store.delete(key('a/o'), {}),
      () => put(store, 'a/o', 'y'),
      () => put(store, 'new', 'y'),
    ]) {
      expect(await codeOf(attempt)).toBe('ServiceUnavailable');
    }
    expect(fs.existsSync(root)).toBe(false);
    fs.renameSync(`${root}-away`, root);
    expect((await get(store, 'a/o')).toString()).toBe('x');
    await put(store, 'a/o', 'y');
  });
});
