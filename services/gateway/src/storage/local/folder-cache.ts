import { LRUCache } from 'lru-cache';
import type { FolderNames } from '../file-driver.js';

interface CachedFolder {
  readonly identity: string;
  readonly mtimeMs: number;
  readonly names: FolderNames;
}

/** Names kept, over all folders of a process; four bytes each, and the name. */
const MAX_NAMES = 1_000_000;
/**
 * A folder's mtime moves in ticks (4 ms on a local Linux filesystem, up to seconds elsewhere): names read within a tick of the last change
 * may lack one that was added in the same tick, so they are not kept.
 */
const SETTLED_MS = 2_000;
const SETTLED_LOCAL_MS = 20;

/** The sorted names of folders for the next page of a listing, valid while the folder is the same and unchanged. */
export class FolderCache {
  private readonly folders = new LRUCache<string, CachedFolder>({
    maxSize: MAX_NAMES,
    sizeCalculation: (folder) => folder.names.length + 10,
  });
  private readonly settledMs: number;

  constructor(local: boolean) {
    this.settledMs = local ? SETTLED_LOCAL_MS : SETTLED_MS;
  }

  get(path: string, identity: string, mtimeMs: number): FolderNames | undefined {
    const folder = this.folders.get(path);
    return folder?.identity === identity && folder.mtimeMs === mtimeMs ? folder.names : undefined;
  }

  /** @param readAt when reading began, milliseconds since the epoch */
  set(path: string, folder: CachedFolder, readAt: number): void {
    if (Math.abs(readAt - folder.mtimeMs) >= this.settledMs) this.folders.set(path, folder);
    else this.folders.delete(path);
  }
}
