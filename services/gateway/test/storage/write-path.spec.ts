import fs from 'node:fs';
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DIRECT_CALLS, type FileCalls } from '../../src/storage/local/file-calls.js';
import { parseStoragePath } from '../../src/storage/storage-path.js';
import { get, put } from '../support/object-bodies.js';
import { canMount, mountBind } from '../support/mounts.js';
import { leftovers, makeStorage, openStorage, type StorageFixture } from '../support/storage-fixture.js';

describe('the way of a file to its name', () => {
  let fixture: StorageFixture;
  let cleanups: (() => void)[];

  beforeEach(() => {
    fixture = makeStorage();
    cleanups = [];
  });
  afterEach(() => {
    for (const cleanup of cleanups.toReversed()) cleanup();
    fixture.close();
  });

  function opened(other: StorageFixture): StorageFixture {
    cleanups.push(() => other.close());
    return other;
  }

  it('closes no descriptor twice where the bucket goes while its object is written', async () => {
    const open = new Set<number>();
    const strays: number[] = [];
    const calls: FileCalls = {
      ...DIRECT_CALLS,
      open: (...parameters) => {
        const fd = DIRECT_CALLS.open(...parameters) as number;
        open.add(fd);
        return fd;
      },
      close: (fd) => {
        if (!open.delete(fd)) strays.push(fd);
        else void DIRECT_CALLS.close(fd);
      },
    };
    const { driver, storage, root } = opened(openStorage(fixture.root, { calls }));
    const bucket = path.join(root, 'bucket');
    fs.mkdirSync(bucket);
    const file = await driver.scope(parseStoragePath('bucket'), true).createTemporary();
    await file.write(Buffer.from('x'));
    await file.finish(parseStoragePath('o'));
    fs.rmdirSync(bucket);
    await expect(Promise.resolve(file.commit('replace'))).rejects.toMatchObject({ code: 'not-found' });
    await file.discard();
    // Who takes an idle folder looks whether it is still there, and closes it where it is not.
    await storage.handles.take(bucket);
    expect(strays).toEqual([]);
  });

  it('leaves nothing beside an object that is replaced, not even where a process is killed in between', async () => {
    const { store, root } = fixture;
    await put(store(), 'd/o', 'one');
    await put(store(), 'd/o', 'two');
    expect((await get(store(), 'd/o')).toString()).toBe('two');
    expect(fs.readdirSync(path.join(root, 'd'))).toEqual(['o']);
    const dead = randomUUID();
    const other = randomUUID();
    const tmp = path.join(root, '.bucketway/tmp');
    for (const id of [dead, other]) fs.mkdirSync(path.join(tmp, id));
    const left = path.join(root, 'd', `.bucketway-${dead}`);
    fs.writeFileSync(left, 'three');
    // Of the folders in a note one may be an object by now.
    fs.writeFileSync(path.join(root, '.bucketway/passing', dead), `${root}/d/o/.bucketway-${dead}\0${left}`);
    fs.writeFileSync(path.join(tmp, other, '1'), 'a body');
    const next = opened(openStorage(root));
    await put(next.store(), 'p', 'x');
    await expect.poll(() => leftovers(root)).toEqual([]);
    expect(fs.readdirSync(path.join(root, 'd'))).toEqual(['o']);
  });

  it.skipIf(!canMount())(
    'keeps writers of one key apart that have the folder mounted at different places',
    async () => {
      const elsewhere = fs.mkdtempSync(path.join(path.dirname(fixture.root), 'elsewhere-'));
      cleanups.push(() => fs.rmdirSync(elsewhere), mountBind(fixture.root, elsewhere));
      const other = opened(openStorage(elsewhere));
      const key = parseStoragePath('k');
      let finish = (): void => {};
      let taken = false;
      const held = fixture.driver.lock(key, () => new Promise<void>((resolve) => (finish = resolve)));
      await expect.poll(() => finish.name).toBe('');
      const waiting = other.driver.lock(key, () => void (taken = true));
      expect(taken).toBe(false);
      finish();
      await Promise.all([held, waiting]);
      expect(taken).toBe(true);
    },
  );
});
