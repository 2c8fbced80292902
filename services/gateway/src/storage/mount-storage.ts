import type { LocalStorageOptions, StorageMount } from '../config/snapshot.js';
import { storageKind } from '../config/storage-kind.js';
import { FileObjectStore } from '../objects/file/file-object-store.js';
import { ObjectCache } from '../objects/file/object-cache.js';
import { RedirectingStore } from '../objects/file/redirecting-store.js';
import type { StorageObserver } from '../observability/storage-observer.js';
import type { FileDriver } from './file-driver.js';
import { StorageHealth } from './health/storage-health.js';
import { LocalDriver } from './local/local-driver.js';
import { LocalStorage } from './local/local-storage.js';
import type { MountedStorage } from './mounted-storage.js';
import { ObservedDriver } from './observed-driver.js';
import { remoteOpener } from './remote-kinds.js';
import type { S3Storage } from './s3/s3-storage.js';
import { fileAbilities, type StorageAbilities } from './storage-abilities.js';
import type { StoragePath } from './storage-path.js';
import type { StorageState } from './storage-state.js';
import { WatchedCalls } from './watched-calls.js';

/** Told of each change of a storage's state. */
export type StateListener = (state: StorageState, before: StorageState) => void;

/** Where a storage goes, and who hears of it. */
interface MountContext {
  readonly options: StorageMount;
  readonly observer: StorageObserver;
  readonly changed: StateListener;
}

/** What a driver brings along. */
interface FileStorage {
  readonly driver: FileDriver;
  readonly redirects: StorageAbilities['redirects'];
  probe(): Promise<void>;
  /** Where clients can be sent to read a file, if they are to be and can. */
  downloadUrl?(path: StoragePath): Promise<string | undefined>;
  close(): void;
}

/**
 * Makes the storage that a mount of the configuration describes, without asking it anything; the code of its kind is
 * loaded (`loadRemoteKinds`). A further kind of storage is a further case here.
 */
export function mountStorage(options: StorageMount, observer: StorageObserver, changed: StateListener): MountedStorage {
  const context = { options, observer, changed };
  if ('local' in options) return mountFiles(context, openLocal(options.local));
  if ('openlist' in options) return mountFiles(context, remoteOpener('openlist')(options.openlist));
  if ('webdav' in options) return mountFiles(context, remoteOpener('webdav')(options.webdav));
  return mountUpstream(context, remoteOpener('s3')(options.s3));
}

function openLocal(options: LocalStorageOptions): FileStorage {
  const storage = new LocalStorage(options);
  return {
    driver: LocalDriver.of(storage),
    redirects: 'never',
    probe: () => storage.probe(),
    close: () => storage.close(),
  };
}

function mountFiles(context: MountContext, storage: FileStorage): MountedStorage {
  const kind = storageKind(context.options);
  const health = watch(context, () => storage.probe());
  const files = new ObservedDriver(storage.driver, new WatchedCalls(kind, health, context.observer));
  const cache = new ObjectCache();
  return {
    mount: context.options.mount,
    kind,
    files,
    health,
    createStore: (base, mustExist) =>
      storage.redirects === 'on'
        ? new RedirectingStore(files, base, cache, async (path) => storage.downloadUrl?.(path))
        : new FileObjectStore(files, base, cache, mustExist),
    probe: () => storage.probe(),
    abilities: () => fileAbilities(storage.driver.capabilities, storage.redirects),
    close: () => {
      health.close();
      storage.close();
    },
  };
}

function mountUpstream(context: MountContext, storage: S3Storage): MountedStorage {
  const health = watch(context, () => storage.probe());
  const calls = new WatchedCalls('s3', health, context.observer);
  return {
    mount: context.options.mount,
    kind: 's3',
    // Keys with slashes are no folders: there is nothing to be a bucket, or to keep a bucket's settings in.
    files: undefined,
    health,
    createStore: (base) => storage.createStore(base, calls),
    probe: () => storage.probe(),
    abilities: () => storage.abilities(),
    close: () => {
      health.close();
      storage.close();
    },
  };
}

function watch({ options, observer, changed }: MountContext, probe: () => Promise<void>): StorageHealth {
  const { mount } = options;
  const kind = storageKind(options);
  return new StorageHealth({
    mount,
    kind,
    probe,
    // A folder that is not there says so at once.
    failFast: kind !== 'local',
    changed: (state, before) => {
      observer.up(mount, kind, state.state === 'ready');
      changed(state, before);
    },
    refused: () => observer.refused(mount, kind),
  });
}
