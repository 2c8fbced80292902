import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeStorage, type StorageFixture } from '../../../test/support/storage-fixture.js';
import { parseStoragePath } from '../storage-path.js';
import { DIRECT_CALLS, LARGE_TRANSFER, QUEUED_CALLS } from './file-calls.js';

const NAME = parseStoragePath('a/b');
const LARGE = Buffer.alloc(2 * LARGE_TRANSFER, 7);
/** Longer than locks and folders are kept open, and than a heartbeat waits. */
const A_WHILE_MS = 60_000;

describe.each([
  ['a local filesystem', DIRECT_CALLS],
  ['a filesystem whose calls may take long', QUEUED_CALLS],
])('LocalStorage that was closed: %s', (_, calls) => {
  let fixture: StorageFixture;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] });
    fixture = makeStorage({ calls });
  });
  afterEach(() => {
    fixture.close();
    vi.useRealTimers();
  });

  async function put(content: Buffer): Promise<void> {
    const file = await fixture.driver.createTemporary();
    await file.write(content);
    await file.finish(NAME);
    await file.commit('replace');
  }

  async function expectNothingToGoOn(): Promise<void> {
    await vi.advanceTimersByTimeAsync(A_WHILE_MS);
    expect(vi.getTimerCount()).toBe(0);
  }

  it('lets an upload that still runs end, and leaves nothing that goes on', async () => {
    await put(Buffer.from('before'));
    const file = await fixture.driver.createTemporary();
    await file.write(LARGE);
    fixture.storage.close();
    await file.finish(NAME);
    await fixture.driver.lock(NAME, () => file.commit('replace'));
    expect(fs.readFileSync(path.join(fixture.root, NAME))).toEqual(LARGE);
    await expectNothingToGoOn();
  });

  it('lets a first write come late', async () => {
    fixture.storage.close();
    await fixture.driver.lock(NAME, () => put(Buffer.from('late')));
    await put(Buffer.from('later'));
    expect(fs.readFileSync(path.join(fixture.root, NAME), 'utf8')).toBe('later');
    await expectNothingToGoOn();
  });
});
