import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ObjectKey } from '../../src/http/object-key.js';
import type { FileObjectStore } from '../../src/objects/file/file-object-store.js';
import { codeOf, get, listAll, NO_ATTRIBUTES, put, readAll } from '../support/object-bodies.js';
import { makeStorage, VARIANTS, type StorageFixture } from '../support/storage-fixture.js';

const key = (text: string): ObjectKey => text as ObjectKey;

describe.each(VARIANTS)('what lies in a bucket besides plain files, %s', (_, options) => {
  let fixture: StorageFixture;
  let store: FileObjectStore;
  let at: (name: string) => string;

  beforeEach(async () => {
    fixture = makeStorage(options);
    store = fixture.store('bucket');
    at = (name) => path.join(fixture.root, 'bucket', name);
    await put(store, 'in/file', 'inside');
    await put(fixture.store('other'), 'secret', 'of another bucket');
  });
  afterEach(() => fixture.close());

  /** Nothing of it can be had: not by GET, HEAD or conditions, not in a listing. */
  async function expectNothing(name: string): Promise<void> {
    expect(await codeOf(() => store.open(key(name)))).toBe('NoSuchKey');
    expect(await codeOf(() => store.head(key(name)))).toBe('NoSuchKey');
    expect(await codeOf(() => store.putTags(key(name), []))).toBe('NoSuchKey');
    expect(await codeOf(() => put(store, name, 'x', { conditions: { ifMatch: '*' } }))).not.toBe('none');
    await store.delete(key(name), { ifMatch: ['x'] });
    expect(await listAll(store)).toEqual(['in/file']);
  }

  it.each([
    ['to a system file', '/etc/passwd'],
    ['to another bucket', '../other/secret'],
    ['to a folder of the system', '/etc'],
    ['to a folder inside', 'in'],
    ['to the own folder', '.'],
    ['to nothing', 'nothing'],
    ['to itself', 'link'],
    ['to the gateway’s own area', '../.bucketway/tmp'],
    ['to a device', '/dev/zero'],
  ])('a symbolic link %s is no object', async (_name, target) => {
    fs.symlinkSync(target, at('link'));
    await expectNothing('link');
    for (const below of ['link/passwd', 'link/file', 'link/']) await expectNothing(below);
    expect(await codeOf(() => put(store, 'link/new', 'x'))).not.toBe('none');
    expect(fs.readlinkSync(at('link'))).toBe(target);
  });

  it('a symbolic link to a file inside is that file, and a write or delete is of the link', async () => {
    fs.symlinkSync('in/file', at('link'));
    expect((await get(store, 'link')).toString()).toBe('inside');
    expect(await listAll(store)).toEqual(['in/file', 'link']);
    await put(store, 'link', 'own');
    expect((await get(store, 'in/file')).toString()).toBe('inside');
    expect((await get(store, 'link')).toString()).toBe('own');
    fs.symlinkSync('in/file', at('again'));
    await store.delete(key('again'), {});
    expect(await listAll(store)).toEqual(['in/file', 'link']);
  });

  it('a symbolic link shows as soon as its target does, though its folder has not changed', async () => {
    fs.symlinkSync('later/file', at('link'));
    fs.mkdirSync(at('later'));
    fs.utimesSync(at(''), 1, 1);
    expect(await listAll(store)).toEqual(['in/file']);
    await put(store, 'later/file', 'x');
    expect(await listAll(store)).toEqual(['in/file', 'later/file', 'link']);
  });

  it('a folder that is a link takes no writes to the other side', async () => {
    fs.symlinkSync(path.join(fixture.root, 'other'), at('out'));
    for (const name of ['out/secret', 'out/new', 'out/deep/new']) {
      expect(await codeOf(() => put(store, name, 'x'))).not.toBe('none');
      expect(await codeOf(() => store.delete(key(name), {}))).not.toBe('InternalError');
    }
    expect(fs.readdirSync(path.join(fixture.root, 'other'))).toEqual(['secret']);
    expect((await get(fixture.store('other'), 'secret')).toString()).toBe('of another bucket');
  });

  it('a name that is swapped for a link between check and use never leads outside', async () => {
    const outside = path.join(fixture.root, 'outside');
    fs.mkdirSync(outside);
    fs.writeFileSync(path.join(outside, 'file'), 'OUTSIDE');
    fs.symlinkSync(outside, at('swap-link'));
    fs.renameSync(at('in'), at('swap-real'));
    const script = `
      const fs = require('fs');
      const [dir] = process.argv.slice(1);
      for (;;) {
        for (const kind of ['swap-real', 'swap-link']) {
          try { fs.renameSync(dir + '/' + kind, dir + '/in'); } catch {}
          try { fs.renameSync(dir + '/in', dir + '/' + kind); } catch {}
        }
      }`;
    const { spawn } = await import('node:child_process');
    const swapper = spawn(process.execPath, ['-e', script, at('')]);
    try {
      const seen = new Set<string>();
      for (let i = 0; i < 1500; i++) {
        try {
          const open = await store.open(key('in/file'));
          seen.add((await readAll(open)).toString());
        } catch (error) {
          expect(['NoSuchKey', 'AccessDenied', 'ObjectParentIsFile']).toContain((error as { code: string }).code);
        }
        if (i % 10 === 0) await codeOf(() => put(store, 'in/new', 'x'));
        if (i % 10 === 5) await codeOf(() => store.delete(key('in/file2'), {}));
      }
      seen.delete('inside');
      expect([...seen]).toEqual([]);
      expect(fs.readdirSync(outside)).toEqual(['file']);
    } finally {
      swapper.kill('SIGKILL');
    }
  });

  it('a pipe or a socket is no object, and holds nobody up', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    const server = net.createServer().listen(at('socket'));
    await new Promise((resolve) => server.once('listening', resolve));
    try {
      for (const name of ['pipe', 'socket']) await expectNothing(name);
    } finally {
      server.close();
    }
    await put(store, 'pipe', 'now a file');
    expect((await get(store, 'pipe')).toString()).toBe('now a file');
  });

  it('a name that is not UTF-8 is left alone', async () => {
    fs.writeFileSync(Buffer.concat([Buffer.from(at('')), Buffer.from('/bad-\xff', 'latin1')]), 'x');
    expect(await listAll(store)).toEqual(['in/file']);
    expect(await codeOf(() => store.head(key('bad-\ufffd')))).toBe('NoSuchKey');
  });

  it('the gateway’s own names cannot be had, written or seen', async () => {
    for (const name of ['.bucketway', '.bucketway/tmp/x', 'in/.bucketway-x', '.bucketway-folder']) {
      expect(await codeOf(() => store.head(key(name)))).toBe('UnsupportedKey');
      expect(await codeOf(() => put(store, name, 'x'))).toBe('UnsupportedKey');
    }
    const root = fixture.store();
    expect((await listAll(root)).filter((name) => name.includes('.bucketway'))).toEqual([]);
    expect(await listAll(root, { prefix: '.bucketway' })).toEqual([]);
    expect(await listAll(root, { prefix: '.bucketway/', delimiter: '/' })).toEqual([]);
  });

  it('the folder object of the bucket’s own folder belongs to the bucket above', async () => {
    await put(fixture.store(), 'bucket/', '');
    expect(await listAll(store)).toEqual(['in/file']);
    expect(await listAll(fixture.store())).toEqual(['bucket/', 'bucket/in/file', 'other/secret']);
  });

  it('an empty folder of another program holds no key, is in nobody’s way, and can be deleted', async () => {
    fs.mkdirSync(at('empty/deep'), { recursive: true });
    expect(await listAll(store)).toEqual(['in/file']);
    await store.delete(key('empty/deep/'), {});
    expect(fs.existsSync(at('empty'))).toBe(false);
    fs.mkdirSync(at('empty'));
    await put(store, 'empty', 'a file');
    expect((await get(store, 'empty')).toString()).toBe('a file');
  });
});

describe.each(VARIANTS)('files that other programs change, %s', (_, options) => {
  let fixture: StorageFixture;
  let store: FileObjectStore;
  let file: string;

  beforeEach(async () => {
    fixture = makeStorage(options);
    store = fixture.store('bucket');
    file = path.join(fixture.root, 'bucket/o.html');
    await put(store, 'o.html', 'content', {
      attributes: { ...NO_ATTRIBUTES, metadata: { a: 'b' }, headers: { 'content-type': 'x/y' } },
    });
  });
  afterEach(() => fixture.close());

  async function expectStranger(content: string): Promise<void> {
    const info = await store.head(key('o.html'));
    expect(info.etag).toMatch(/^[0-9a-f]{32}-1$/);
    expect(info).toMatchObject({ size: content.length, attributes: { metadata: {}, tags: [] } });
    expect(info.attributes.headers).toEqual({ 'content-type': 'text/html' });
    expect(info.checksum).toBeUndefined();
    expect((await get(store, 'o.html')).toString()).toBe(content);
    const { entries } = await store.list({ prefix: '', delimiter: '', startAfter: '', limit: 9 });
    expect(entries).toMatchObject([{ object: { etag: info.etag, size: content.length } }]);
    expect(await codeOf(() => store.delete(key('o.html'), { ifMatch: ['x'] }))).toBe('PreconditionFailed');
  }

  it('in place: another entity tag, and no metadata that may be stale', async () => {
    fs.appendFileSync(file, ' and more');
    await expectStranger('content and more');
  });

  it('in place and to the same size', async () => {
    fs.writeFileSync(file, 'CONTENT');
    await expectStranger('CONTENT');
  });

  it('by a rename over them', async () => {
    fs.writeFileSync(`${file}.new`, 'replaced');
    fs.renameSync(`${file}.new`, file);
    await expectStranger('replaced');
    const first = await store.head(key('o.html'));
    fs.writeFileSync(`${file}.new`, 'REPLACED');
    fs.renameSync(`${file}.new`, file);
    expect((await store.head(key('o.html'))).etag).not.toBe(first.etag);
  });

  it('by removing them', async () => {
    fs.rmSync(file);
    expect(await codeOf(() => store.head(key('o.html')))).toBe('NoSuchKey');
    expect(await listAll(store)).toEqual([]);
    fs.writeFileSync(file, 'new');
    await expectStranger('new');
  });

  it('and may be tagged then', async () => {
    fs.writeFileSync(file, 'CONTENT');
    const before = await store.head(key('o.html'));
    await store.putTags(key('o.html'), [{ key: 'k', value: 'v' }]);
    const after = await store.head(key('o.html'));
    expect(after.etag).toBe(before.etag);
    expect(after.attributes.tags).toEqual([{ key: 'k', value: 'v' }]);
  });

  it('while they are read: what was opened stays what it was', async () => {
    const open = await store.open(key('o.html'));
    fs.writeFileSync(`${file}.new`, 'replaced');
    fs.renameSync(`${file}.new`, file);
    expect((await readAll(open)).toString()).toBe('content');
  });
});
