import { describe } from 'vitest';
import { FileObjectStore } from '../../src/objects/file/file-object-store.js';
import { openOpenlist } from '../../src/storage/openlist/openlist-storage.js';
import { parseStoragePath } from '../../src/storage/storage-path.js';
import { fileDriverContract } from '../contract/file-driver.contract.js';
import { objectStoreContract } from '../contract/object-store.contract.js';
import { HAS_OPENLIST, openRealOpenlist, startStandIn, type OpenlistTarget } from '../support/openlist-target.js';

const LIMITS = new Map([[String.raw`may be odd: "a\\..\\b"`, 'OpenList takes backslashes for slashes']]);

function contracts(name: string, open: () => Promise<OpenlistTarget>): void {
  fileDriverContract(name, async () => {
    const target = await open();
    const one = openOpenlist(target.options);
    const two = openOpenlist(target.options);
    return {
      driver: one.driver,
      other: two.driver,
      close: async () => {
        two.close();
        one.close();
        await target[Symbol.asyncDispose]();
      },
    };
  });

  objectStoreContract(name, async () => {
    const target = await open();
    const one = openOpenlist(target.options);
    const two = openOpenlist(target.options);
    return {
      store: new FileObjectStore(one.driver, parseStoragePath('team/bucket')),
      other: new FileObjectStore(two.driver, parseStoragePath('team/bucket')),
      hierarchical: true,
      limits: LIMITS,
      // Each takes until OpenList's clock has moved on by a second.
      overwrites: 4,
      close: async () => {
        two.close();
        one.close();
        await target[Symbol.asyncDispose]();
      },
    };
  });
}

contracts('OpenList, a stand-in with a local storage', () => startStandIn());
contracts('OpenList, a stand-in with a drive that is cached, hashes, and refuses taken names', () =>
  startStandIn(
    { driver: 'OneDrive', cached: true, getter: false, hash: 'sha1', rename: 'refuse' },
    { atomicRename: false },
  ),
);

describe.skipIf(!HAS_OPENLIST)('a real OpenList (needs OPENLIST_URL and OPENLIST_TOKEN)', () => {
  contracts('OpenList', () => openRealOpenlist());
});
