import type { ObjectStore } from '../objects/object-store.js';
import type { FileDriver } from './file-driver.js';
import type { StorageHealth } from './health/storage-health.js';
import type { StorageAbilities } from './storage-abilities.js';
import type { StoragePath } from './storage-path.js';
import type { StorageKind } from './storage-state.js';

/** A storage in the tree: whatever its kind, it makes object stores over its folders. */
export interface MountedStorage {
  /** Absolute path in the tree; `/` for the root. */
  readonly mount: string;
  readonly kind: StorageKind;
  /** Files and folders, where the storage has them: bucket roots and bucket settings live there. */
  readonly files: FileDriver | undefined;
  /** Whether it can be used now; looks by itself from {@link StorageHealth.start} on. */
  readonly health: StorageHealth;
  /** @param mustExist a folder that is gone is not made again by a write */
  createStore(base: StoragePath, mustExist?: boolean): ObjectStore;
  /** One cheap look. @throws StorageError `unavailable`, with a message that says why */
  probe(): Promise<void>;
  /** What it can do; true to the storage only after a look that succeeded. */
  abilities(): StorageAbilities;
  close(): void;
}
