import {
  appendFileSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { ObjectKey } from '../../src/http/object-key.js';
import type { ObjectStore } from '../../src/objects/object-store.js';
import { NO_ATTRIBUTES, codeOf, get, put, readAll } from '../support/object-bodies.js';
import { VARIANTS, makeStorage } from '../support/storage-fixture.js';

const key = 'a/small' as ObjectKey;

/** Reads until the object is kept: a file is not while it may have changed within the tick of its clock. */
async function warm(store: ObjectStore): Promise<void> {
  await delay(80);
  await get(store, key);
  await get(store, key);
}

describe('a small object that was read before', () => {
  it('is not served once another program has rewritten it in place with as many bytes', async () => {
    const { store: open, root } = makeStorage({});
    const store = open();
    await put(store, key, 'old bytes');
    await warm(store);
    const path = `${root}/${key}`;
    const { atime, mtime } = statSync(path);
    writeFileSync(path, 'new bytes');
    // As a tool does that keeps times.
    utimesSync(path, atime, mtime);
    expect((await get(store, key)).toString()).toBe('new bytes');
  });

  it('is not served once it was appended to, replaced, or removed', async () => {
    const { store: open, root } = makeStorage({});
    const store = open();
    await put(store, key, 'one');
    await warm(store);
    appendFileSync(`${root}/${key}`, '!');
    expect((await get(store, key)).toString()).toBe('one!');
    await warm(store);
    writeFileSync(`${root}/other`, 'two!');
    renameSync(`${root}/other`, `${root}/${key}`);
    expect((await get(store, key)).toString()).toBe('two!');
    await warm(store);
    unlinkSync(`${root}/${key}`);
    expect(await codeOf(() => get(store, key))).toBe('NoSuchKey');
  });

  it('does not hide that its name has become a link out of the bucket', async () => {
    const { store: open, root } = makeStorage({});
    const store = open();
    await put(store, key, 'mine');
    await warm(store);
    unlinkSync(`${root}/${key}`);
    symlinkSync('/etc/hostname', `${root}/${key}`);
    expect(await codeOf(() => get(store, key))).toBe('NoSuchKey');
  });

  it.each(VARIANTS)('shows new tags at once: %s', async (_variant, options) => {
    const { store: open, replica } = makeStorage(options);
    const store = open();
    // The second text is too long for an attribute of a file on most filesystems.
    for (const text of ['short', 'long'.repeat(20_000)]) {
      await put(store, key, 'tagged', { attributes: { ...NO_ATTRIBUTES, metadata: { text } } });
      await warm(store);
      for (const value of ['one', 'two']) {
        await replica()
          .store()
          .putTags(key, [{ key: 'k', value }]);
        const { attributes } = await store.head(key);
        expect(attributes.tags).toEqual([{ key: 'k', value }]);
        await warm(store);
      }
    }
  });

  it('gives ranges of itself', async () => {
    const { store: open, root } = makeStorage({});
    const store = open();
    await put(store, key, '0123456789');
    await warm(store);
    const object = await store.open(key);
    const reader = await object.read({ start: 3, end: 6 });
    const buffer = Buffer.alloc(10);
    expect(await reader.read(buffer)).toBe(3);
    expect(buffer.toString('latin1', 0, 3)).toBe('345');
    expect(await reader.read(buffer)).toBe(0);
    await reader.close();
    expect((await readAll(await store.open(key))).equals(readFileSync(`${root}/${key}`))).toBe(true);
  });
});
