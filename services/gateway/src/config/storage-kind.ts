import type { StorageKind } from '../storage/storage-state.js';
import type { StorageMount } from './snapshot.js';

/** The kinds of storage that a mount can name. */
export const STORAGE_KINDS: readonly StorageKind[] = ['local', 'openlist', 'webdav', 's3'];

/** Which kind of storage a mount names. */
export function storageKind(mount: StorageMount): StorageKind {
  if ('local' in mount) return 'local';
  if ('openlist' in mount) return 'openlist';
  return 'webdav' in mount ? 'webdav' : 's3';
}
