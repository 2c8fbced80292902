import { describe, expect, it } from 'vitest';
import type { KubeObject } from './kube-object.js';
import { Store, type StoreChange } from './store.js';

const make = (name: string, resourceVersion: string, uid = name, namespace = 'ns'): KubeObject => ({
  metadata: { namespace, name, uid, resourceVersion },
});

function watched(): { store: Store<KubeObject>; changes: string[]; errors: unknown[] } {
  const errors: unknown[] = [];
  const changes: string[] = [];
  const store = new Store<KubeObject>((error) => errors.push(error));
  const version = (object?: KubeObject): string =>
    object ? `${object.metadata.uid}@${object.metadata.resourceVersion}` : '-';
  store.onChange(({ key, before, after }: StoreChange<KubeObject>) => {
    changes.push(`${key} ${version(before)} ${version(after)} ${version(store.get(key))}`);
  });
  return { store, changes, errors };
}

describe('Store', () => {
  it('tells additions, changes and deletions, but not the same version again', () => {
    const { store, changes } = watched();
    store.set(make('a', '1'));
    store.set(make('a', '1'));
    store.set(make('a', '2'));
    store.delete('ns/a');
    store.delete('ns/a');
    expect(changes).toEqual(['ns/a - a@1 a@1', 'ns/a a@1 a@2 a@2', 'ns/a a@2 - -']);
  });

  it('tells a deletion and an addition when the object of a name is another', () => {
    const { store, changes } = watched();
    store.set(make('a', '1', 'old'));
    store.set(make('a', '5', 'new'));
    expect(changes.slice(1)).toEqual(['ns/a old@1 - -', 'ns/a - new@5 new@5']);
  });

  it('ignores the deletion of a predecessor', () => {
    const { store } = watched();
    store.set(make('a', '5', 'new'));
    store.delete('ns/a', 'old');
    expect(store.size).toBe(1);
  });

  it('replaces one namespace and leaves the others', () => {
    const { store, changes } = watched();
    for (const object of [make('a', '1'), make('b', '1'), make('c', '1', 'c', 'other')]) store.set(object);
    changes.length = 0;
    store.replace([make('b', '1'), make('d', '1')], 'ns');
    expect([...store.keys()]).toEqual(['ns/b', 'other/c', 'ns/d']);
    expect(changes).toEqual(['ns/d - d@1 d@1', 'ns/a a@1 - -']);
    store.replace([]);
    expect(store.size).toBe(0);
  });

  it('finds in a list what has its version from another past', () => {
    const { store, changes } = watched();
    store.set(make('a', '7'));
    store.replace([make('a', '7')]);
    store.replace([{ ...make('a', '7'), kind: 'Restored' }]);
    expect(changes.slice(1)).toEqual(['ns/a a@7 a@7 a@7']);
    expect(store.get('ns/a')?.kind).toBe('Restored');
  });

  it('goes on when a listener throws', () => {
    const { store, errors } = watched();
    store.onChange(() => {
      throw new Error('broken');
    });
    const seen: string[] = [];
    const end = store.onChange(({ key }) => seen.push(key));
    store.set(make('a', '1'));
    end();
    store.set(make('b', '1'));
    expect(seen).toEqual(['ns/a']);
    expect(errors).toHaveLength(2);
  });
});
