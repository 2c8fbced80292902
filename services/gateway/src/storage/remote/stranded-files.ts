import { hash } from 'node:crypto';
import { isNothingThere } from '../storage-error.js';
import { RESERVED_FOLDER, joinPath, parentOf, type StoragePath } from '../storage-path.js';
import type { FolderListing } from './folder-listings.js';
import type { RemoteStorage } from './remote-storage.js';

const FOLDER_NAME = 'stranded';
const FOLDER = joinPath(RESERVED_FOLDER, FOLDER_NAME);

/**
 * Files that were to replace others, of a server that has removed the old one and refused the new one: the only bytes of either. They
 * wait in a folder that no sweep touches, found by the name that they should have, and get it with the next look at that.
 */
export class StrandedFiles {
  /** Those that could not be moved there either, and wait as the temporary files that they are, by their targets. */
  private readonly unmoved = new Map<StoragePath, StoragePath>();

  constructor(private readonly storage: RemoteStorage) {}

  /** Keeps a temporary file for a name. Never fails: where the server is away, {@link retry} does it later. */
  async keep(temporary: StoragePath, target: StoragePath): Promise<void> {
    if (!this.canBe(target)) return;
    this.unmoved.set(target, temporary);
    const place = placeOf(target);
    try {
      await this.storage.makeFolder(parentOf(place));
      await this.storage.changing(place, () => this.storage.files.move(temporary, place, 'replace'));
      this.unmoved.delete(target);
    } catch {
      // It stays where it is, and holds() tells the sweep.
    }
  }

  /** Whether a temporary file may be the only copy of something. */
  holds(temporary: StoragePath): boolean {
    return [...this.unmoved.values()].includes(temporary);
  }

  /** Moves what could not be moved to safety. */
  async retry(): Promise<void> {
    for (const [target, temporary] of this.unmoved) await this.keep(temporary, target);
  }

  /** Where the file is that waits for a name; undefined for most names. Costs no request while the listings are kept. */
  async find(target: StoragePath): Promise<StoragePath | undefined> {
    if (!this.canBe(target)) return undefined;
    const place = placeOf(target);
    if ((await this.waitingIn(parentOf(target)))?.find(nameOf(place)) !== undefined) return place;
    const temporary = this.unmoved.get(target);
    return temporary !== undefined && (await this.storage.files.stat(temporary)) !== undefined ? temporary : undefined;
  }

  /** Gives a file its name, where nothing has taken that since. Under the lock of the name. @returns whether it is there now */
  async restore(target: StoragePath): Promise<boolean> {
    const { files } = this.storage;
    const from = await this.find(target);
    if (from === undefined) return false;
    if ((await files.stat(target)) !== undefined) {
      await this.drop(target);
      return false;
    }
    await files.move(from, target, 'create');
    this.left(from, target);
    return true;
  }

  /** The same for all that wait for names in a folder. */
  async restoreIn(folder: StoragePath): Promise<void> {
    const waiting = new Set<StoragePath>();
    for (const target of this.unmoved.keys()) if (parentOf(target) === folder) waiting.add(target);
    const listing = this.canBe(folder) ? await this.waitingIn(folder) : undefined;
    for (const name of listing ?? []) waiting.add(joinPath(folder, Buffer.from(name, 'latin1').toString()));
    for (const target of waiting) await this.storage.restore(target);
  }

  /** Forgets a file whose name is another's, or nobody's. Under the lock of the name. @returns whether there was one */
  async drop(target: StoragePath): Promise<boolean> {
    const from = await this.find(target);
    if (from === undefined) return false;
    await this.storage.files.removeFile(from);
    this.left(from, target);
    return true;
  }

  private left(from: StoragePath, target: StoragePath): void {
    this.unmoved.delete(target);
    this.storage.touch(from);
  }

  /** The gateway's own files are none: who replaces one that counts keeps a copy. */
  private canBe(path: StoragePath): boolean {
    const isOwn = path === RESERVED_FOLDER || path.startsWith(`${RESERVED_FOLDER}/`);
    return !isOwn && !this.storage.files.traits.atomicReplace;
  }

  private async waitingIn(folder: StoragePath): Promise<FolderListing | undefined> {
    // From the top, which is there and kept: what is not there would be asked for with every look.
    for (const [parent, name] of [
      [RESERVED_FOLDER, FOLDER_NAME],
      [FOLDER, folderNameOf(folder)],
    ] as const) {
      if ((await this.list(parent))?.find(name) === undefined) return undefined;
    }
    return this.list(joinPath(FOLDER, folderNameOf(folder)));
  }

  private async list(folder: StoragePath): Promise<FolderListing | undefined> {
    try {
      return await this.storage.listings.get(folder);
    } catch (error) {
      if (isNothingThere(error)) return undefined;
      throw error;
    }
  }
}

/** With a folder for each folder, so that a name of any length fits. */
function placeOf(target: StoragePath): StoragePath {
  return joinPath(FOLDER, folderNameOf(parentOf(target)), nameOf(target));
}

function folderNameOf(folder: StoragePath): string {
  return hash('sha256', folder);
}

function nameOf(path: StoragePath): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
