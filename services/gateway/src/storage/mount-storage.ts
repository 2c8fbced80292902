import type { StorageMount } from '../config/snapshot.js';
import { FileObjectStore } from '../objects/file/file-object-store.js';
import { ObjectCache } from '../objects/file/object-cache.js';
import { LocalDriver } from './local/local-driver.js';
import { LocalStorage } from './local/local-storage.js';
import type { StorageObserver } from '../observability/storage-observer.js';
import type { MountedStorage } from './mounted-storage.js';
import { ObservedDriver } from './observed-driver.js';
import { ROOT } from './storage-path.js';

/** Makes the storage that a mount of the configuration describes. A further kind of storage is a further case here. */
export function mountStorage(options: StorageMount, observer: StorageObserver): MountedStorage {
  const storage = new LocalStorage(options.local);
  const files = new ObservedDriver(new LocalDriver(storage, ROOT), 'local', observer);
  const cache = new ObjectCache();
  return {
    mount: options.mount,
    kind: 'local',
    files,
    createStore: (base) => new FileObjectStore(files, base, cache),
    check: () => storage.check(),
    close: () => storage.close(),
  };
}
