import type { ObjectStore } from '../objects/object-store.js';
import type { FileDriver } from './file-driver.js';
import type { StoragePath } from './storage-path.js';

/** A storage in the tree: whatever its kind, it makes object stores over its folders. */
export interface MountedStorage {
  /** Absolute path in the tree; `/` for the root. */
  readonly mount: string;
  readonly kind: string;
  /** Files and folders, where the storage has them: bucket roots and bucket settings live there. */
  readonly files: FileDriver | undefined;
  createStore(base: StoragePath): ObjectStore;
  /** Must not wait for a storage that hangs. @throws StorageError `unavailable`, with a message that says why */
  readonly check: () => void;
  close(): void;
}
