import { LRUCache } from 'lru-cache';
import { LateSharing } from '../remote/late-sharing.js';
import type { OpenlistApi } from './openlist-api.js';
import { entryOfObject, type OpenlistEntry, type OpenlistObject } from './openlist-entry.js';
import type { OpenlistOptions } from './openlist-options.js';
import { folderOf, nameOf } from './openlist-paths.js';
import type { OpenlistServerFacts } from './openlist-server-facts.js';

/** Folders whose last refresh is remembered. */
const MAX_FOLDERS = 10_000;

/**
 * Decides when a folder is listed past OpenList's own cache, which keeps a listing for as long as its administrator set, most
 * often 30 minutes, and from which single files are looked up, too.
 */
export class OpenlistRefresher {
  private readonly maxAgeMs: number;
  private readonly refreshed = new LRUCache<string, number>({ max: MAX_FOLDERS });
  private readonly listings = new LateSharing<readonly OpenlistObject[]>();

  constructor(
    private readonly api: OpenlistApi,
    private readonly facts: OpenlistServerFacts,
    policy: OpenlistOptions['refresh'],
  ) {
    if (policy === 'never') this.maxAgeMs = Infinity;
    else this.maxAgeMs = policy === 'always' ? 0 : policy.olderThanSeconds * 1000;
  }

  /** Whether a listing that is wanted now must pass OpenList's cache; if so, it counts as done. */
  async isDue(folder: string): Promise<boolean> {
    if (this.maxAgeMs === Infinity || !(await this.facts.mounts()).isCached(folder)) return false;
    const now = performance.now();
    if (now - (this.refreshed.get(folder) ?? -Infinity) < this.maxAgeMs) return false;
    this.refreshed.set(folder, now);
    return true;
  }

  /** Makes OpenList's facts of the files of a folder as fresh as is configured, before one of them is looked at. */
  async freshen(folder: string): Promise<void> {
    if (!(await this.isDue(folder))) return;
    try {
      await this.api.list(folder, true, 1);
    } catch {
      // The look itself tells what is wrong, or finds the file where only listing is.
      this.refreshed.delete(folder);
    }
  }

  /** A listing that was due has failed: the next one is due as well. */
  failed(folder: string): void {
    this.refreshed.delete(folder);
  }

  /**
   * What the drive itself has under a name, where OpenList would tell what it keeps: after a write that is what it was told,
   * size included, until it lists the folder again. Undefined where it keeps nothing, and where the drive does not show the
   * name yet.
   */
  async lookAtDrive(path: string): Promise<OpenlistEntry | undefined> {
    if (!(await this.facts.mounts()).isCached(path)) return undefined;
    const name = nameOf(path);
    const folder = folderOf(path);
    const objects = await this.listings.get(folder, () => this.api.list(folder, true));
    const object = objects.find((one) => one.name === name);
    return object && entryOfObject(object);
  }
}
