import { randomBytes } from 'node:crypto';
import type { EntryList } from '../remote/entry-list.js';
import type { RemoteEntry } from '../remote/remote-entry.js';
import { StorageError } from '../storage-error.js';
import { RESERVED_PREFIX, joinPath, parentOf, type StoragePath } from '../storage-path.js';

/** What a {@link FolderRemover} works with. */
export interface RemovingFiles {
  list(folder: StoragePath): Promise<EntryList>;
  /** Gives a file or folder a free name. @throws StorageError */
  rename(kind: RemoteEntry['kind'], from: StoragePath, to: StoragePath): Promise<void>;
  /** Removes a folder with all that is in it. */
  removeTree(folder: StoragePath): Promise<void>;
}

/** The longest name that fits into the other one, in bytes, which stays below 255 with what is put before it. */
const MAX_KEPT_NAME_BYTES = 190;
/** No removal takes so long: what is older was left by a gateway that died in the middle, in milliseconds. */
const LEFT_BEHIND_MS = 3_600_000;
const REMOVED = new RegExp(`^\\${RESERVED_PREFIX}-removed-([0-9a-z]+)-[0-9a-f]{16}(?:~(.+))?$`);

/**
 * Removes empty folders of a server whose DELETE takes a folder with all that is in it, also what has come since it was seen empty. So the
 * folder first gets a name that nobody writes to, and is looked at there. That name tells since when, and what the folder was
 * called, for {@link sweep}.
 */
export class FolderRemover {
  constructor(private readonly files: RemovingFiles) {}

  /** @throws StorageError `not-empty` where something had come; it is back in its place then */
  async remove(path: StoragePath): Promise<void> {
    const away = joinPath(parentOf(path), awayName(path.slice(path.lastIndexOf('/') + 1)));
    await this.files.rename('folder', path, away);
    if (!(await this.removeOrRestore(away, path))) {
      throw new StorageError('not-empty', 'The folder is not empty.');
    }
  }

  /** Removes or restores what removals have left behind in a folder that was just listed. Never fails: the next listing tries again. */
  async sweep(folder: StoragePath, entries: EntryList, now = Date.now()): Promise<void> {
    for (const { name, kind } of entries.startingWith(RESERVED_PREFIX)) {
      if (kind !== 'folder') continue;
      const [, since, kept] = REMOVED.exec(name) ?? [];
      if (since === undefined || now - Number.parseInt(since, 36) < LEFT_BEHIND_MS) continue;
      const place = kept === undefined ? undefined : joinPath(folder, kept);
      await this.removeOrRestore(joinPath(folder, name), place).catch(() => false);
    }
  }

  /** @returns whether it was empty, and is gone */
  private async removeOrRestore(away: StoragePath, path: StoragePath | undefined): Promise<boolean> {
    const late = await this.files.list(away);
    if (late.isEmpty) {
      await this.files.removeTree(away);
      return true;
    }
    if (path !== undefined) await this.restore(away, path, late);
    return false;
  }

  /** Gives a folder its name back, or, where that is taken again, what is in it its place in the new one. */
  private async restore(away: StoragePath, path: StoragePath, entries: EntryList): Promise<void> {
    try {
      return await this.files.rename('folder', away, path);
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
    }
    for (const { name, kind } of entries) {
      await this.files.rename(kind, joinPath(away, name), joinPath(path, name));
    }
    if ((await this.files.list(away)).isEmpty) await this.files.removeTree(away);
  }
}

function awayName(kept: string): string {
  const name = `${RESERVED_PREFIX}-removed-${Date.now().toString(36)}-${randomBytes(8).toString('hex')}`;
  return Buffer.byteLength(kept) > MAX_KEPT_NAME_BYTES ? name : `${name}~${kept}`;
}
