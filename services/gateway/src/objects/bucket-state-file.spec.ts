import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeStorage, type StorageFixture } from '../../test/support/storage-fixture.js';
import type { FileDriver } from '../storage/file-driver.js';
import { parseStoragePath } from '../storage/storage-path.js';
import { BucketStateFile } from './bucket-state-file.js';

let storage: StorageFixture;
beforeEach(() => void (storage = makeStorage()));
afterEach(() => storage.close());

/** Files as servers tell of them that know times in whole seconds and nothing else: all versions look alike here. */
function coarse(files: FileDriver): FileDriver {
  return new Proxy(files, {
    get: (target, name) => {
      if (name === 'capabilities') return { ...target.capabilities, exactTimes: false };
      if (name === 'stat') {
        return async (...of: Parameters<FileDriver['stat']>) => {
          const stat = await target.stat(...of);
          return stat && { ...stat, identity: '', mtimeMs: 0 };
        };
      }
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}

it('a change within the second of the one before is seen by those that have read that one', async () => {
  const files = coarse(storage.driver);
  const path = parseStoragePath('state.json');
  const [one, other] = [new BucketStateFile(files, path), new BucketStateFile(files, path)];
  await one.change(() => ({ tags: [{ key: 'a', value: '1' }] }));
  expect(await one.read()).toEqual(await other.read());
  await one.change((before) => ({ ...before, owner: 'alice' }));
  for (const state of [one, other]) {
    expect(await state.read()).toEqual({ tags: [{ key: 'a', value: '1' }], owner: 'alice' });
  }
});
