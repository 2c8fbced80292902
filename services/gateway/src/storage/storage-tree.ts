import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { SnapshotStore } from '../config/snapshot-store.js';
import type { StorageMount } from '../config/snapshot.js';
import { S3Error } from '../errors/s3-error.js';
import type { ObjectStore } from '../objects/object-store.js';
import type { StorageState } from './storage-state.js';
import { StorageObserver } from '../observability/storage-observer.js';
import type { MountedStore } from '../objects/tree/mount-table.js';
import { TreeObjectStore } from '../objects/tree/tree-object-store.js';
import { mountStorage } from './mount-storage.js';
import type { MountedStorage } from './mounted-storage.js';
import type { StoragePath } from './storage-path.js';
import { below, isWithin } from './tree-path.js';

/** Stores kept; one costs a few objects, and a bucket that is not in use needs none. */
const MAX_STORES = 10_000;
/** How long a storage that is no longer configured serves the requests that still run on it, in milliseconds. */
const RETIREMENT_MS = 10 * 60_000;

/** Where a path of the tree lies: a storage, and a folder of it. */
export interface TreeLocation {
  readonly storage: MountedStorage;
  readonly path: StoragePath;
}

/** All mounted storages as one tree of folders. */
@Injectable()
export class StorageTree implements OnApplicationShutdown {
  /** By how it is configured: an unchanged mount outlives a reload, with its caches and locks. */
  private mounted = new Map<string, MountedStorage>();
  private readonly stores = new LRUCache<string, ObjectStore>({ max: MAX_STORES });

  constructor(
    snapshots: SnapshotStore,
    private readonly observer: StorageObserver,
  ) {
    this.mount(snapshots.current.storages);
    snapshots.onReplace((snapshot) => this.mount(snapshot.storages));
  }

  onApplicationShutdown(): void {
    for (const storage of this.mounted.values()) storage.close();
  }

  /** The object store over a path of the tree. @throws S3Error `NoSuchBucket` where no storage is at or below the path */
  storeAt(path: string): ObjectStore {
    let store = this.stores.get(path);
    if (store === undefined) {
      store = this.createStore(path);
      this.stores.set(path, store);
    }
    return store;
  }

  /** The innermost storage that a path lies in, or undefined. */
  locate(path: string): TreeLocation | undefined {
    let found: MountedStorage | undefined;
    for (const storage of this.mounted.values()) {
      if (isWithin(path, storage.mount) && (!found || storage.mount.length > found.mount.length)) found = storage;
    }
    return found && { storage: found, path: below(path, found.mount) };
  }

  /** How every storage is, for `/status` and `/readyz`. */
  states(): readonly StorageState[] {
    return [...this.mounted.values()].map(({ mount, kind, check }): StorageState => {
      try {
        check();
        return { mount, kind, state: 'ready' };
      } catch (error) {
        return { mount, kind, state: 'unavailable', detail: error instanceof Error ? error.message : String(error) };
      }
    });
  }

  private createStore(path: string): ObjectStore {
    const here = this.locate(path);
    const inner: MountedStore[] = [];
    for (const storage of this.mounted.values()) {
      if (storage.mount === path || !isWithin(storage.mount, path)) continue;
      inner.push({ prefix: `${below(storage.mount, path)}/`, store: storage.createStore('' as StoragePath) });
    }
    const outer = here?.storage.createStore(here.path);
    if (inner.length > 0) return new TreeObjectStore(outer, inner);
    if (outer === undefined)
      throw new S3Error('NoSuchBucket', { message: 'No storage is mounted at the path of this bucket.' });
    return outer;
  }

  private mount(storages: readonly StorageMount[]): void {
    const before = this.mounted;
    this.mounted = new Map();
    for (const options of storages) {
      const id = JSON.stringify(options);
      this.mounted.set(id, before.get(id) ?? mountStorage(options, this.observer));
    }
    this.stores.clear();
    for (const [id, storage] of before) {
      if (!this.mounted.has(id)) setTimeout(() => storage.close(), RETIREMENT_MS).unref();
    }
  }
}
