import fs from 'node:fs/promises';
import { RESERVED_PREFIX } from '../storage-path.js';
import { errnoOf } from './errno.js';
import type { LockOwner } from './lock-owner.js';
import type { PathLocks } from './path-locks.js';

/** Ends the name of a note that tells of a temporary file on another filesystem below the root. Like those in `passing/`, it holds paths, with NULs between them. */
export const AWAY = '.away';

/** What a sweep works with. */
export interface SweptArea {
  /** The storage's root. */
  readonly root: string;
  /** Its `.bucketway` folder. */
  readonly area: string;
  readonly self: LockOwner;
  readonly locks: PathLocks;
}

/**
 * Removes what processes that are gone have left in a storage's own area: their temporary files, their locks, their presence.
 * Uploads in parts are not temporary: they are a client's, who may go on with them.
 */
export async function sweepTemporaries({ root, area, self, locks }: SweptArea): Promise<void> {
  try {
    const dead = new Set<string>();
    for (const id of await fs.readdir(`${area}/owners`)) {
      if (id !== self.id && self.isDead(`${area}/owners/${id}`)) dead.add(id);
    }
    await locks.sweep();
    // An owner that is not known may be one that has come since: its file is there before its folder.
    const isGone = async (id: string): Promise<boolean> =>
      id !== self.id && (dead.has(id) || !(await exists(`${area}/owners/${id}`)));
    for (const id of await fs.readdir(`${area}/tmp`)) {
      if ((await isGone(id)) && !(await removeTemporaries(root, `${area}/tmp/${id}`))) dead.delete(id);
    }
    for (const id of await fs.readdir(`${area}/passing`)) {
      if (await isGone(id)) await removeNoted(root, `${area}/passing/${id}`);
    }
    for (const id of dead) await remove(`${area}/owners/${id}`);
  } catch (error) {
    // Another replica may sweep at the same moment, or the storage may be away: the next sweep goes on.
    if (errnoOf(error) === undefined) throw error;
  }
}

/** @param folder an owner's @returns whether all of it is gone: what one has left must not keep what others have */
async function removeTemporaries(root: string, folder: string): Promise<boolean> {
  try {
    for (const name of await fs.readdir(folder)) await removeTemporary(root, `${folder}/${name}`);
    await fs.rmdir(folder);
    return true;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}

async function removeTemporary(root: string, path: string): Promise<void> {
  await (path.endsWith(AWAY) ? removeNoted(root, path) : remove(path));
}

/** Removes the files that a note names, and then the note. */
async function removeNoted(root: string, note: string): Promise<void> {
  for (const path of (await fs.readFile(note, 'utf8')).split('\0')) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (path.startsWith(`${root}/`) && name.startsWith(`${RESERVED_PREFIX}-`)) await removeAway(path);
  }
  await remove(note);
}

/** A note outlives the folders that it names: where one was, there may be an object by now. */
async function removeAway(path: string): Promise<void> {
  try {
    await remove(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOTDIR') throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await fs.access(path);
    return true;
  } catch (error) {
    // Anything but its absence says nothing, and a temporary file more does no harm.
    return errnoOf(error) !== 'ENOENT';
  }
}

async function remove(path: string): Promise<void> {
  await fs.rm(path, { force: true });
}
