import { TreeObjectStore } from '../../src/objects/tree/tree-object-store.js';
import { BucketRoom } from '../../src/usage/bucket-room.js';
import { LimitedObjectStore } from '../../src/usage/limited-object-store.js';
import { UsageLedger } from '../../src/usage/usage-ledger.js';
import { objectStoreContract } from '../contract/object-store.contract.js';
import { PrefixedStore } from '../support/prefixed-store.js';
import { makeStorage, VARIANTS } from '../support/storage-fixture.js';

for (const [name, options] of VARIANTS) {
  objectStoreContract(`files, ${name}`, () => {
    const { store, close } = makeStorage(options);
    return { store: store('team/bucket'), hierarchical: true, close };
  });
}

for (const metadata of ['xattr', 'sidecar'] as const) {
  objectStoreContract(`files, two replicas on one folder, ${metadata}`, () => {
    const one = makeStorage({ metadata });
    const two = one.replica();
    return {
      store: one.store(),
      other: two.store(),
      hierarchical: true,
      close: () => {
        two.close();
        one.close();
      },
    };
  });
}

objectStoreContract('a storage that is mounted in a tree', () => {
  const outer = makeStorage();
  const inner = makeStorage();
  const tree = new TreeObjectStore(outer.store(), [
    { prefix: 'mounts/one/', store: inner.store('one') },
    { prefix: 'mounts/', store: inner.store('all') },
    { prefix: 'mounts/one-more/', store: inner.store('more') },
  ]);
  return {
    store: new PrefixedStore(tree, 'mounts/one/'),
    hierarchical: true,
    close: () => {
      outer.close();
      inner.close();
    },
  };
});

objectStoreContract('a bucket with a quota that has room', () => {
  const { store, close } = makeStorage();
  const files = store('team/bucket');
  const ledger = new UsageLedger(() => {});
  ledger.learn([{ path: '/team/bucket', size: 0, objects: 0, observedAt: 1 }]);
  const quota = { maxBytes: 2 ** 40, maxObjects: 1_000_000, mode: 'enforce' } as const;
  const room = new BucketRoom(ledger, '/team/bucket', quota, (key) => files.head(key));
  return { store: new LimitedObjectStore(files, room), hierarchical: true, close };
});
