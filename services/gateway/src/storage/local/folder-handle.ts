import { constants } from 'node:fs';
import type { MaybePromise } from '../../maybe-promise.js';
import { StorageError } from '../storage-error.js';
import { errnoOf } from './errno.js';
import type { FileCalls } from './file-calls.js';
import type { FileStatus } from './file-status.js';

/** Turns against somebody who removes what is being made. */
const MAX_ATTEMPTS = 100;
const OPEN_FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/**
 * An open folder, by whose descriptor its entries are named. Between the check of a path and its use another program may put a
 * symbolic link in its place; a descriptor cannot be swapped.
 */
export class FolderHandle {
  private stat: FileStatus | undefined;

  private constructor(
    private readonly calls: FileCalls,
    /** Its descriptor. */
    readonly fd: number,
    /** `/proc/self/fd/N`, Node's substitute for openat(2); the path itself where there is no procfs. */
    readonly path: string,
    /** Where it was when it was opened. */
    readonly location: string,
  ) {}

  /**
   * Opens a folder that must lie at exactly this path: no component may be a symbolic link.
   *
   * @param path absolute, below a root that is its own real path
   * @throws StorageError `not-found`, `not-folder`, `denied` for a path through a symbolic link
   */
  static async open(calls: FileCalls, path: string): Promise<FolderHandle> {
    const fd = await calls.open(path, OPEN_FOLDER);
    try {
      const actual = await pathOf(calls, fd, path);
      if (actual !== path) {
        if (actual === `${path} (deleted)`) throw new StorageError('not-found', 'The folder is gone.');
        throw new StorageError('denied', 'A folder in the path is a symbolic link.');
      }
      return new FolderHandle(calls, fd, process.platform === 'linux' ? `/proc/self/fd/${fd}` : path, path);
    } catch (error) {
      await calls.close(fd);
      throw error;
    }
  }

  /** lstat(2) of a name in it. */
  lstat(name: string): MaybePromise<FileStatus | undefined> {
    return this.calls.lstatIn({ folder: this.location, fd: this.fd, name });
  }

  /** Whether a name in it still leads to a file of this status; false where that cannot be told for less than {@link lstat} takes. */
  isUnchanged(name: string, { ino, ctimeMs }: FileStatus): boolean {
    return this.calls.isUnchangedIn?.({ folder: this.location, fd: this.fd, name }, ino, ctimeMs) ?? false;
  }

  /** Whether the folder still lies at this path. */
  async isAt(path: string): Promise<boolean> {
    return (await pathOf(this.calls, this.fd, path)) === path;
  }

  /**
   * Whether a path leads to this very folder now. By its inode, not by its name: another filesystem that is mounted over it
   * leaves the name as it was.
   */
  async isReachedBy(path: string): Promise<boolean> {
    this.stat ??= await this.calls.fstat(this.fd);
    const there = await this.calls.lstat(path);
    return there?.ino === this.stat.ino && there.dev === this.stat.dev;
  }

  /** Number of the device that the folder lies on. */
  async device(): Promise<number> {
    this.stat ??= await this.calls.fstat(this.fd);
    return this.stat.dev;
  }

  /** Makes the folder's entries durable. */
  sync(): void | Promise<void> {
    return this.calls.fsync(this.fd);
  }

  close(): void | Promise<void> {
    return this.calls.close(this.fd);
  }
}

/**
 * Where an open descriptor really is. A file that was removed or replaced since has ` (deleted)` behind its path.
 *
 * @param path the path that was opened, for systems without procfs
 */
export function pathOf(calls: FileCalls, fd: number, path: string): string | Promise<string> {
  return process.platform === 'linux' ? calls.readlink(`/proc/self/fd/${fd}`) : calls.realpath(path);
}

/**
 * Opens a folder, making what is missing of it below `base` one name at a time, never through a symbolic link.
 *
 * @param durable whether the names of new folders must outlive a power cut
 */
export async function openOrMakeFolder(
  calls: FileCalls,
  base: string,
  path: string,
  durable = false,
): Promise<FolderHandle> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await FolderHandle.open(calls, path);
    } catch (error) {
      const gone = errnoOf(error) === 'ENOENT' || (error instanceof StorageError && error.code === 'not-found');
      // A DELETE elsewhere may prune the folder between its making and its opening, again and again.
      if (!gone || path === base || attempt === MAX_ATTEMPTS) throw error;
    }
    await makeFolder(calls, base, path, durable);
  }
}

async function makeFolder(calls: FileCalls, base: string, path: string, durable: boolean): Promise<void> {
  const slash = path.lastIndexOf('/');
  const parent = await openOrMakeFolder(calls, base, path.slice(0, slash), durable);
  try {
    await calls.mkdir(`${parent.path}/${path.slice(slash + 1)}`);
    if (durable) await parent.sync();
  } catch (error) {
    // Somebody was faster, or (ENOENT) the parent itself has been pruned meanwhile: the next look tells.
    if (errnoOf(error) !== 'EEXIST' && errnoOf(error) !== 'ENOENT') throw error;
  } finally {
    await parent.close();
  }
}
