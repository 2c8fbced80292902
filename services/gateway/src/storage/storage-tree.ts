import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
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

/** How old what is known of a storage may be when somebody asks, in milliseconds: a folder costs nothing, a server a request. */
const MAX_AGE_MS = { local: 0, remote: 5_000 };
/** How long somebody who asks waits for storages that are looked at, in milliseconds. */
const MAX_WAIT_MS = 300;

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
  /** No longer configured, and still there for the requests that run on them. */
  private readonly retired = new Map<MountedStorage, NodeJS.Timeout>();
  private readonly stores = new LRUCache<string, ObjectStore>({ max: MAX_STORES });
  private readonly logger = new Logger(StorageTree.name);

  constructor(
    snapshots: SnapshotStore,
    private readonly observer: StorageObserver,
  ) {
    this.mount(snapshots.current.storages);
    snapshots.onReplace((snapshot) => this.mount(snapshot.storages));
  }

  onApplicationShutdown(): void {
    for (const timer of this.retired.values()) clearTimeout(timer);
    for (const storage of [...this.mounted.values(), ...this.retired.keys()]) storage.close();
    this.retired.clear();
  }

  /**
   * The object store over a path of the tree.
   *
   * @param mustExist its folder is not made again by a write, once it is gone
   * @throws S3Error `NoSuchBucket` where no storage is at or below the path
   */
  storeAt(path: string, mustExist = false): ObjectStore {
    const id = mustExist ? `${path}/` : path;
    let store = this.stores.get(id);
    if (store === undefined) {
      store = this.createStore(path, mustExist);
      this.stores.set(id, store);
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

  /** Whether a storage is mounted at a path of the tree itself. */
  isMount(path: string): boolean {
    return [...this.mounted.values()].some(({ mount }) => mount === path);
  }

  /** The names in a folder of the tree at which storages are mounted. */
  mountsIn(folder: string): string[] {
    return [...this.mounted.values()]
      .filter(({ mount }) => mount !== folder && isWithin(mount, folder))
      .map(({ mount }) => below(mount, folder))
      .filter((name) => !name.includes('/'));
  }

  /** How every storage is, for `/status` and `/readyz`. Looks again, but does not wait for a storage that hangs. */
  async states(): Promise<readonly StorageState[]> {
    const storages = [...this.mounted.values()];
    const looks = storages.map(({ kind, health }) =>
      health.refresh(kind === 'local' ? MAX_AGE_MS.local : MAX_AGE_MS.remote),
    );
    await Promise.race([Promise.all(looks), delay(MAX_WAIT_MS, undefined, { ref: false })]);
    return storages.map(({ health }) => health.state);
  }

  private createStore(path: string, mustExist: boolean): ObjectStore {
    const here = this.locate(path);
    const inner: MountedStore[] = [];
    for (const storage of this.mounted.values()) {
      if (storage.mount === path || !isWithin(storage.mount, path)) continue;
      inner.push({ prefix: `${below(storage.mount, path)}/`, store: storage.createStore('' as StoragePath) });
    }
    const outer = here?.storage.createStore(here.path, mustExist);
    if (inner.length > 0) return new TreeObjectStore(outer, inner);
    if (outer === undefined)
      throw new S3Error('NoSuchBucket', { message: 'No storage is mounted at the path of this bucket.' });
    return outer;
  }

  private mount(storages: readonly StorageMount[]): void {
    const before = this.mounted;
    this.mounted = new Map();
    for (const options of storages) {
      // A digest, since it is kept and the options hold secrets.
      const id = createHash('sha256').update(JSON.stringify(options)).digest('base64');
      this.mounted.set(id, before.get(id) ?? this.begin(options));
    }
    this.stores.clear();
    for (const [id, storage] of before) if (!this.mounted.has(id)) this.retire(storage);
  }

  private begin(options: StorageMount): MountedStorage {
    const storage = mountStorage(options, this.observer, (state, before) => this.report(state, before));
    storage.health.start();
    return storage;
  }

  private retire(storage: MountedStorage): void {
    const { mount, kind } = storage;
    storage.health.close();
    const again = [...this.mounted.values()].some((other) => other.mount === mount && other.kind === kind);
    if (!again) this.observer.up(mount, kind, undefined);
    const close = (): void => {
      this.retired.delete(storage);
      storage.close();
    };
    this.retired.set(storage, setTimeout(close, RETIREMENT_MS).unref());
  }

  private report({ mount, kind, state, detail }: StorageState, before: StorageState): void {
    if (state === 'unavailable') this.logger.warn(`storage ${mount} (${kind}) is unavailable: ${detail ?? ''}`);
    else if (before.state === 'unavailable') {
      const seconds = Math.round((Date.now() - Date.parse(before.since)) / 1000);
      this.logger.log(`storage ${mount} (${kind}) is back after ${seconds} s`);
    }
  }
}
