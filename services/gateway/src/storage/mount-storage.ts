import type { StorageMount } from '../config/snapshot.js';
import { FileObjectStore } from '../objects/file/file-object-store.js';
import { LocalDriver } from './local/local-driver.js';
import { LocalStorage } from './local/local-storage.js';
import type { MountedStorage } from './mounted-storage.js';
import { ROOT } from './storage-path.js';

/** Makes the storage that a mount of the configuration describes. A further kind of storage is a further case here. */
export function mountStorage(options: StorageMount): MountedStorage {
  const storage = new LocalStorage(options.local);
  const files = new LocalDriver(storage, ROOT);
  return {
    mount: options.mount,
    kind: 'local',
    files,
    createStore: (base) => new FileObjectStore(files, base),
    check: () => storage.check(),
    close: () => storage.close(),
  };
}
