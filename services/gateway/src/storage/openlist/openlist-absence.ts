import { RESERVED_FOLDER } from '../storage-path.js';
import { StorageError } from '../storage-error.js';
import { LateSharing } from '../remote/late-sharing.js';
import type { OpenlistApi } from './openlist-api.js';
import type { OpenlistObject } from './openlist-entry.js';
import { isIn, type OpenlistMounts } from './openlist-mounts.js';
import { folderOf } from './openlist-paths.js';
import type { OpenlistServerFacts } from './openlist-server-facts.js';

/**
 * Finds out whether a name that OpenList does not find is absent, or its drive is out of order. OpenList says "not found" in
 * both cases: where a driver cannot look at one name, it lists the folder and ignores that this failed; and the Local
 * storage finds nothing in a volume that is not mounted. Listings alone report failures, so one of them must succeed.
 */
export class AbsenceCheck {
  private readonly listings = new LateSharing<readonly OpenlistObject[]>();

  /** @param root the served folder, absolute */
  constructor(
    private readonly api: OpenlistApi,
    private readonly facts: OpenlistServerFacts,
    private readonly root: string,
  ) {}

  /** Resolves where the name is absent. @throws StorageError `unavailable` where that cannot be told */
  async confirm(path: string): Promise<void> {
    if (path === this.root) {
      throw new StorageError(
        'unavailable',
        `OpenList has no folder ${this.root}: make it, or change the path of the storage.`,
      );
    }
    const mounts = await this.facts.mounts();
    const storage = mounts.of(path);
    if (storage !== undefined && (storage.disabled || storage.status !== 'work')) {
      throw new StorageError(
        'unavailable',
        `OpenList's storage ${storage.mount_path} is ${storage.disabled ? 'disabled' : `not ready: ${storage.status}`}.`,
      );
    }
    if (storage?.driver === 'Local' && (await this.isAlive(storage.mount_path))) return;
    await this.confirmByParent(path, mounts);
  }

  /** A listing of the gateway's own small folder shows that a Local storage is there; its errors for single names are exact. */
  private async isAlive(mountPath: string): Promise<boolean> {
    if (!isIn(this.root, mountPath)) return false;
    try {
      await this.look(this.root === '/' ? `/${RESERVED_FOLDER}` : `${this.root}/${RESERVED_FOLDER}`);
      return true;
    } catch {
      // Not there before the first write; and any failure shows again where the parent is listed.
      return false;
    }
  }

  private async confirmByParent(path: string, mounts: OpenlistMounts): Promise<void> {
    const parent = folderOf(path);
    try {
      await this.look(parent);
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      if (error.code === 'not-folder') return;
      if (error.code !== 'not-found') throw new StorageError('unavailable', error.message, { cause: error });
      if (parent === this.root) await this.confirm(parent);
      else await this.confirmByParent(parent, mounts);
    }
  }

  private look(folder: string): Promise<unknown> {
    return this.listings.get(folder, () => this.api.list(folder, false, 1));
  }
}
