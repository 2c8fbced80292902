import { TreeObjectStore } from '../../src/objects/tree/tree-object-store.js';
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
