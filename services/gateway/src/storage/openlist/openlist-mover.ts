import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { EntryList } from '../remote/entry-list.js';
import { StorageError } from '../storage-error.js';
import { RESERVED_PREFIX } from '../storage-path.js';
import type { OpenlistApi } from './openlist-api.js';
import { ASIDE_PREFIX, OpenlistAside } from './openlist-aside.js';
import type { OpenlistObject } from './openlist-entry.js';
import { folderOf, nameOf } from './openlist-paths.js';

/** Between two looks at a move that goes on as a task, in milliseconds. */
const TASK_POLL_MS = 300;
const TASK_SUCCEEDED = 2;
/** Canceled, failing, failed. Between tries, a task is in states that are none of these. */
const TASK_ENDED: ReadonlySet<number> = new Set([4, 6, 7]);

/** The longest name that fits into another one, in bytes; with what is put before it, it stays below 255. */
const MAX_KEPT_NAME_BYTES = 190;
/** No move takes so long: what is older was left by a gateway that died in the middle, in milliseconds. */
const LEFT_BEHIND_MS = 24 * 60 * 60_000;
const LEFT_BEHIND = new RegExp(`^\\${RESERVED_PREFIX}-(moving|leaving)-([0-9a-z]+)-[0-9a-f]{16}(?:~(.+))?$`);

/** Temporary files of a driver: hidden already, and of names that nobody else has. */
const TEMPORARY = new RegExp(`^\\${RESERVED_PREFIX}-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\\.\\d+\\.([0-9a-z]+)$`);

/** How a file takes a name that may be taken. */
export type MoveMode = 'replace' | 'create';

/**
 * Gives files other names. OpenList renames within a folder and moves between folders, but does not do both at once, so a
 * move to another name passes through a hidden name in the target's folder: the last step is a rename there, which is atomic
 * where the storage's renames are. The hidden names tell what they are and since when, for {@link sweep}.
 */
export class OpenlistMover {
  private readonly aside: OpenlistAside;

  /** @param atomicRename renaming over a file replaces it at once */
  constructor(
    private readonly api: OpenlistApi,
    private readonly atomicRename: boolean,
  ) {
    this.aside = new OpenlistAside(api);
  }

  /** @throws StorageError `not-found` (the source), `exists` (mode `create`), `is-folder` */
  async move(from: string, to: string, mode: MoveMode): Promise<void> {
    if (folderOf(from) === folderOf(to)) return this.rename(from, nameOf(to), mode);
    // Where the name stays, a move would do, but one that replaces is not atomic on every storage on which a rename is.
    const passing = TEMPORARY.test(nameOf(from)) ? nameOf(from) : hiddenName('moving');
    const source = beside(from, passing);
    const arrived = beside(to, passing);
    try {
      if (source !== from) await this.api.rename(from, passing, false);
      await this.moveTo(source, folderOf(to));
      await this.rename(arrived, nameOf(to), mode);
    } catch (error) {
      await this.goBack(from, source, arrived);
      throw error;
    }
  }

  /**
   * Removes a folder if it is empty. OpenList removes a folder with all that is in it, so the folder first steps aside: what
   * a writer has put into it until then is found, and comes back.
   *
   * @throws StorageError `not-empty`
   */
  async removeEmptyFolder(folder: string): Promise<void> {
    const parent = folderOf(folder);
    const name = nameOf(folder);
    if (!this.atomicRename || Buffer.byteLength(name) > MAX_KEPT_NAME_BYTES) {
      // Where a rename copies, stepping aside takes longer than the gap that it closes.
      if ((await this.api.list(folder, true, 1)).length > 0) {
        throw new StorageError('not-empty', 'The folder is not empty.');
      }
      return this.api.remove(parent, name);
    }
    const aside = hiddenName('leaving', name);
    try {
      await this.api.rename(folder, aside, false);
    } catch (error) {
      // It may have been done all the same, and only the answer was lost.
      if ((await this.api.look(beside(folder, aside))) === undefined) throw error;
    }
    await this.removeOrReturn(beside(folder, aside), folder);
  }

  /**
   * Brings back a file that stepped aside for another which never came.
   *
   * @param locked runs what changes the name
   * @returns whether it is back
   */
  async restore(path: string, locked: (give: () => Promise<boolean>) => Promise<boolean>): Promise<boolean> {
    if (this.atomicRename || !(await this.aside.has(path))) return false;
    return locked(() => this.aside.restore(path));
  }

  /** The same for all of a folder that was just listed. */
  async restoreIn(folder: string, entries: EntryList): Promise<boolean> {
    let any = false;
    for (const { name, kind } of entries.startingWith(ASIDE_PREFIX)) {
      const path = folder === '/' ? `/${name}` : `${folder}/${name}`;
      if (kind === 'folder' && (await this.aside.restoreAll(path))) any = true;
    }
    return any;
  }

  /** Removes or restores what moves have left behind, in a folder that was just listed. Never fails. */
  async sweep(folder: string, entries: EntryList): Promise<void> {
    for (const { name, kind, mtimeMs } of entries.startingWith(RESERVED_PREFIX)) {
      // Old by both: a drive's clock may be days behind, and an upload may take one.
      const [, madeAt] = TEMPORARY.exec(name) ?? [];
      if (madeAt !== undefined && kind === 'file' && mtimeMs > 0 && isLeft(madeAt) && isLeft(mtimeMs)) {
        await this.api.remove(folder, name).catch(() => undefined);
        continue;
      }
      const [, role, since, kept] = LEFT_BEHIND.exec(name) ?? [];
      if (role === undefined || !isLeft(since as string)) continue;
      const path = folder === '/' ? `/${name}` : `${folder}/${name}`;
      try {
        if (kind === 'folder') {
          if (role === 'leaving' && kept !== undefined) await this.removeOrReturn(path, beside(path, kept));
        } else if (role === 'moving') {
          await this.api.remove(folder, name);
        }
      } catch {
        // The next listing tries again.
      }
    }
  }

  private async removeOrReturn(aside: string, folder: string): Promise<void> {
    const entries = await this.api.list(aside, true);
    if (entries.length === 0) return this.api.remove(folderOf(aside), nameOf(aside));
    try {
      await this.api.rename(aside, nameOf(folder), false);
    } catch (error) {
      if (!(error instanceof StorageError) || error.code !== 'exists') throw error;
      await this.returnEach(entries, aside, folder);
    }
    // OpenList may still tell what was in the folder before it was away.
    await this.api.list(folder, true);
    throw new StorageError('not-empty', 'The folder is not empty.');
  }

  private async returnEach(entries: readonly OpenlistObject[], aside: string, folder: string): Promise<void> {
    await this.api.list(folder, true);
    for (const { name } of entries) {
      // What finds its name taken by a newer file stays where it is, hidden: it is not this gateway's to throw away.
      await this.api.move(name, aside, folder, false).catch(() => undefined);
    }
    if ((await this.api.list(aside, true)).length === 0) await this.api.remove(folderOf(aside), nameOf(aside));
  }

  private async rename(from: string, name: string, mode: MoveMode): Promise<void> {
    if (mode === 'create') {
      // What has stepped aside is there still.
      if (!this.atomicRename && (await this.aside.restore(beside(from, name)))) {
        throw new StorageError('exists', 'The name is taken.');
      }
      return this.api.rename(from, name, false);
    }
    if (!this.atomicRename) return this.renameAround(from, name);
    try {
      await this.api.rename(from, name, true);
    } catch (error) {
      // With leave to replace, only a folder is still in the way.
      if (error instanceof StorageError && error.code === 'exists') {
        throw new StorageError('is-folder', error.message, { cause: error });
      }
      throw error;
    }
  }

  /** Replaces where a rename onto a taken name fails, or leaves two files of one name: the old file steps aside until the new one is in place. */
  private async renameAround(from: string, name: string): Promise<void> {
    const target = beside(from, name);
    await this.aside.restore(target);
    const before = await this.api.look(target);
    if (before === undefined) return this.api.rename(from, name, false);
    if (before.kind === 'folder') throw new StorageError('is-folder', 'There is a folder of this name.');
    try {
      await this.aside.take(target);
      await this.api.rename(from, name, false);
    } catch (error) {
      // Where this fails too, who looks for the name next brings it back.
      await this.aside.restore(target).catch(() => undefined);
      throw error;
    }
    // A failure leaves a hidden copy, which the next look at it removes; the new file is in place all the same.
    await this.aside.drop(target).catch(() => undefined);
  }

  private async moveTo(source: string, folder: string): Promise<void> {
    const tasks = await this.api.move(nameOf(source), folderOf(source), folder, true);
    for (const task of tasks) await this.waitFor(task);
  }

  /** Between two storages, OpenList copies and then removes in the background; it is done when that is. */
  private async waitFor(task: string): Promise<void> {
    for (;;) {
      const { state, error } = await this.api.moveTask(task);
      if (state === TASK_SUCCEEDED) return;
      if (TASK_ENDED.has(state)) {
        throw new StorageError('unavailable', `OpenList failed to move a file to another of its storages: ${error}`);
      }
      await delay(TASK_POLL_MS);
    }
  }

  private async goBack(from: string, source: string, arrived: string): Promise<void> {
    try {
      if ((await this.api.look(arrived)) !== undefined) await this.moveTo(arrived, folderOf(source));
      if (source !== from) await this.api.rename(source, nameOf(from), false);
    } catch {
      // The sweep removes it; who called sees the first failure.
    }
  }
}

/** @param since milliseconds, or those as names have them */
function isLeft(since: number | string): boolean {
  return Date.now() - (typeof since === 'string' ? Number.parseInt(since, 36) : since) >= LEFT_BEHIND_MS;
}

function beside(path: string, name: string): string {
  const folder = folderOf(path);
  return folder === '/' ? `/${name}` : `${folder}/${name}`;
}

function hiddenName(kind: 'moving' | 'leaving', kept?: string): string {
  const name = `${RESERVED_PREFIX}-${kind}-${Date.now().toString(36)}-${randomBytes(8).toString('hex')}`;
  return kept === undefined || Buffer.byteLength(kept) > MAX_KEPT_NAME_BYTES ? name : `${name}~${kept}`;
}
