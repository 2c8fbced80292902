import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SnapshotStore } from '../config/snapshot-store.js';
import type { Snapshot } from '../config/snapshot.js';
import { NoStorageObserver } from '../observability/storage-observer.js';
import { StorageTree } from './storage-tree.js';
import { parseStoragePath } from './storage-path.js';

describe('StorageTree', () => {
  let folder: string;
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bucketway-tree-'));
  });
  afterEach(() => {
    fs.rmSync(folder, { recursive: true });
  });

  function snapshotOf(name: string): Snapshot {
    const root = path.join(folder, name);
    fs.mkdirSync(root);
    return { storages: [{ mount: '/', local: { root, durability: 'none', metadata: 'auto' } }] } as unknown as Snapshot;
  }

  async function write(tree: StorageTree): Promise<void> {
    const files = tree.locate('/')?.storage.files;
    const file = await files?.createTemporary();
    await file?.finish(parseStoragePath('a'));
    await file?.commit('create');
  }

  it('ends with all its storages, those too that are no longer configured', async () => {
    const snapshots = new SnapshotStore(snapshotOf('one'));
    const tree = new StorageTree(snapshots, new NoStorageObserver());
    const owners = (name: string): readonly string[] => fs.readdirSync(path.join(folder, name, '.bucketway/owners'));
    await write(tree);
    snapshots.replace(snapshotOf('two'));
    await write(tree);
    expect([owners('one').length, owners('two').length]).toEqual([1, 1]);
    tree.onApplicationShutdown();
    expect([owners('one').length, owners('two').length]).toEqual([0, 0]);
  });
});
