import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { MaybePromise } from '../../maybe-promise.js';
import type { DriverCapabilities } from '../file-driver.js';
import { StorageError } from '../storage-error.js';
import { RESERVED_FOLDER, RESERVED_PREFIX, ROOT, joinPath, parentOf, type StoragePath } from '../storage-path.js';
import type { EntryList } from './entry-list.js';
import { FolderListings } from './folder-listings.js';
import { machineFolder } from './machine-folder.js';
import { MachineLocks } from './machine-locks.js';
import { MachineMarks } from './machine-marks.js';
import type { RemoteEntry } from './remote-entry.js';
import type { RemoteFiles } from './remote-files.js';
import { keepsNames } from './name-trial.js';
import { StrandedFiles } from './stranded-files.js';
import { sweepTemporaries } from './sweep-temporaries.js';

/** How a {@link RemoteStorage} is made. */
export interface RemoteStorageOptions {
  /** What tells this storage from every other, the same in all processes, without a secret: its URL and path. */
  readonly identity: string;
  /** How long a folder's listing serves, in seconds. */
  readonly listingCacheSeconds: number;
}

const TEMPORARY_FOLDER = joinPath(RESERVED_FOLDER, 'tmp');
/** Holds one file that begins with a dot, to see whether it is listed. */
const DOT_FOLDER = joinPath(RESERVED_FOLDER, 'probe');
const DOT_FILE = '.listed';
const SWEEP_EVERY_MS = 3_600_000;
const MAX_KNOWN_FOLDERS = 20_000;
/** Others that delete or make the same folders at the same time end sooner or later. */
const MAX_ATTEMPTS = 20;
const ATTEMPT_PAUSE_MS = 20;
/** Of the gateway's own files; the largest hold the checksums of ten thousand parts. */
const MAX_SMALL_BYTES = 16 * 1024 * 1024;

interface Machine {
  readonly locks: MachineLocks;
  readonly marks: MachineMarks;
}

/**
 * A server of files, as the drivers of all its folders share it: what is known of it, and what keeps the processes of this machine from
 * getting into each other's way.
 *
 * A name is given to a file, to a folder, or taken away, only under the lock of its place: MOVE onto a folder deletes that
 * on some servers, with all that is in it.
 */
export class RemoteStorage {
  readonly listings: FolderListings;
  readonly stranded = new StrandedFiles(this);
  private readonly folders = new LRUCache<StoragePath, true>({ max: MAX_KNOWN_FOLDERS });
  private readonly owner = randomUUID();
  private opened: Machine | undefined;
  private dotNames: boolean | undefined;
  private exactNames: boolean | undefined;
  private temporaries = 0;
  private sweeper: NodeJS.Timeout | undefined;

  constructor(
    readonly files: RemoteFiles,
    private readonly options: RemoteStorageOptions,
  ) {
    this.dotNames = files.traits.dotNames;
    this.listings = new FolderListings({
      ttlMs: options.listingCacheSeconds * 1000,
      list: async (folder, quick) => {
        // Before the lock of its names, which who gives a name takes after that of the name.
        await this.stranded.restoreIn(folder);
        return quick ? this.steady(folder, () => this.list(folder)) : this.list(folder);
      },
      markOf: (folder) => this.machine.marks.read(folderMark(folder)),
    });
  }

  get capabilities(): DriverCapabilities {
    const { atomicCreate, atomicReplace } = this.files.traits;
    return {
      atomicCreate,
      atomicReplace,
      randomWrites: false,
      records: false,
      sharedLocks: false,
      pinnedReads: false,
      exactTimes: false,
      dotNames: this.dotNames ?? true,
      exactNames: this.exactNames ?? true,
    };
  }

  /** A name for a new temporary file, of no other process and no other call. Its folder is there. */
  async newTemporaryPath(): Promise<StoragePath> {
    await this.makeFolder(TEMPORARY_FOLDER);
    if (this.sweeper === undefined) {
      const sweep = (): void => void this.sweep().catch(() => undefined);
      this.sweeper = setInterval(sweep, SWEEP_EVERY_MS);
      this.sweeper.unref();
      sweep();
    }
    return this.temporaryPath();
  }

  /** Runs an action while no other process of this machine, and no other call, runs one under this name. */
  lock<T>(name: string, action: () => MaybePromise<T>): Promise<T> {
    return this.machine.locks.run(`lock ${name}`, action);
  }

  /** Runs an action that gives a name to something, or takes it away. */
  changing<T>(path: StoragePath, action: () => Promise<T>): Promise<T> {
    return this.machine.locks.run(placeLock(path), async () => {
      try {
        return await action();
      } finally {
        this.touch(path);
      }
    });
  }

  /** Tells all processes of this machine that a name may lead to something else now. */
  touch(path: StoragePath): void {
    this.machine.marks.touch(placeLock(path));
    this.machine.marks.touch(folderMark(parentOf(path)));
  }

  /**
   * What a name leads to. A server that replaces a file in two steps has nothing under the name in between: where this machine may have
   * been about that, it is looked at again when that is over.
   */
  async stat(path: StoragePath): Promise<RemoteEntry | undefined> {
    return this.present(path, () => this.files.stat(path));
  }

  /**
   * Runs an action that replaces a file in a folder, or lists it: not both at once where a replaced name is nobody's for a moment, or
   * the listing would lack it.
   */
  steady<T>(folder: StoragePath, action: () => Promise<T>): Promise<T> {
    return this.files.traits.atomicReplace ? action() : this.machine.locks.run(`names ${folder}`, action);
  }

  /** @returns whether nobody on this machine has given a name to anything, or taken it away, since this call, nor is about to */
  watch(path: StoragePath): () => boolean {
    const { marks, locks } = this.machine;
    const place = placeLock(path);
    const before = marks.read(place);
    // In this order: who ends a change makes the mark first and gives the lock back afterwards.
    return () => !locks.isHeld(place) && marks.read(place) === before;
  }

  /** Runs an action that gives undefined, or fails with `denied`, where a name leads to nothing: until that is the truth. */
  async present<T>(path: StoragePath, action: () => Promise<T | undefined>): Promise<T | undefined> {
    let found = await this.settled(path, action);
    if (found === undefined && (await this.restore(path))) found = await this.settled(path, action);
    if (found === undefined) await this.confirmAbsence();
    return found;
  }

  /** Gives a name back to what has lost it in a replacement that failed. @returns whether it is back */
  async restore(path: StoragePath): Promise<boolean> {
    if (await this.files.restore?.(path, (give) => this.changing(path, give))) return true;
    if ((await this.stranded.find(path)) === undefined) return false;
    await this.makeFolder(parentOf(path));
    return this.changing(path, () => this.stranded.restore(path));
  }

  /** What was not found is absent, and not all of the storage with it. @throws StorageError `unavailable` */
  async confirmAbsence(): Promise<void> {
    await this.files.confirmAbsence?.();
  }

  private async settled<T>(path: StoragePath, action: () => Promise<T | undefined>): Promise<T | undefined> {
    if (this.files.traits.atomicReplace) return action();
    const isUntouched = this.watch(path);
    let denied: unknown;
    try {
      const found = await action();
      if (found !== undefined) return found;
    } catch (error) {
      if (!(error instanceof StorageError) || error.code !== 'denied') throw error;
      denied = error;
    }
    if (!isUntouched()) return this.machine.locks.run(placeLock(path), action);
    if (denied !== undefined) throw denied;
    return undefined;
  }

  /** The whole content of a file of the gateway's own, of one version; undefined where there is none. */
  readSmall(path: StoragePath): Promise<Buffer | undefined> {
    return this.present(path, async () => {
      if (this.files.get) return this.files.get(path, MAX_SMALL_BYTES);
      for (let attempt = 1; ; attempt++) {
        const entry = await this.files.stat(path);
        if (entry?.kind !== 'file') return undefined;
        try {
          return await this.readWhole(path, entry);
        } catch (error) {
          // Replaced since: the one that is there now is asked for.
          const replaced = error instanceof StorageError && ['changed', 'not-found'].includes(error.code);
          if (!replaced || attempt === MAX_ATTEMPTS) throw error;
        }
      }
    });
  }

  /** Makes a folder and its parents. @throws StorageError `not-folder` */
  async makeFolder(path: StoragePath): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.makeMissing(path);
      } catch (error) {
        // Somebody has removed a parent meanwhile.
        if (!(error instanceof StorageError) || error.code !== 'not-found' || attempt === MAX_ATTEMPTS) throw error;
        this.forgetFolders();
        await delay(ATTEMPT_PAUSE_MS * Math.random());
      }
    }
  }

  /** Whether the server lists names that begin with a dot. Not all do, and what is not listed would be deleted with its folder. */
  async listsDotNames(): Promise<boolean> {
    if (this.dotNames === undefined) {
      await this.makeFolder(DOT_FOLDER);
      const writer = await this.files.put(joinPath(DOT_FOLDER, DOT_FILE), 0);
      await writer.end();
      const entries = await this.files.list(DOT_FOLDER);
      this.dotNames = entries.has(DOT_FILE);
    }
    return this.dotNames;
  }

  /**
   * Whether a name that was found is the one that was asked for. A server that ignores case finds `Report` under `report`, and would
   * replace or remove it.
   */
  async isNamedSo(path: StoragePath): Promise<boolean> {
    this.exactNames ??= await this.tryNames();
    // Where nothing can be written, nothing is known of names, and what is there can be removed all the same.
    if (this.exactNames !== false) return true;
    for (let place = path; place !== ROOT; place = parentOf(place)) {
      const parent = parentOf(place);
      const name = place.slice(place.lastIndexOf('/') + 1);
      // A listing that was kept may be older than a name that another machine has given.
      const listed = (await this.listings.get(parent)).find(name) ?? (await this.files.list(parent)).has(name);
      if (!listed) return false;
    }
    return true;
  }

  /** What was known of folders has turned out to be wrong. */
  forgetFolders(): void {
    this.folders.clear();
  }

  /** Removes temporary files that nobody has any more, and brings those to safety that somebody needs. */
  async sweep(): Promise<void> {
    await this.stranded.retry();
    await sweepTemporaries(this.files, TEMPORARY_FOLDER, this.temporaryPath(), (path) => this.stranded.holds(path));
  }

  close(): void {
    clearInterval(this.sweeper);
    this.opened?.locks.close();
    this.opened?.marks.close();
    this.files.close();
  }

  /** Opened with the first use, so that a machine without room for it fails requests and not the start. */
  private get machine(): Machine {
    if (this.opened === undefined) {
      const folder = machineFolder(this.options.identity);
      this.opened = { locks: new MachineLocks(folder), marks: new MachineMarks(`${folder}/marks`) };
    }
    return this.opened;
  }

  /** Hidden wherever it is: some servers move to a folder first, and rename there. When it was made is for who sweeps that. */
  private temporaryPath(): StoragePath {
    const name = `${RESERVED_PREFIX}-${this.owner}.${++this.temporaries}.${Date.now().toString(36)}`;
    return joinPath(TEMPORARY_FOLDER, name);
  }

  private async readWhole(path: StoragePath, entry: RemoteEntry): Promise<Buffer> {
    const content = Buffer.allocUnsafeSlow(Math.min(entry.size, MAX_SMALL_BYTES));
    if (content.length === 0) return content;
    const reader = await this.files.read(path, entry, 0, content.length);
    try {
      for (let done = 0; done < content.length;) {
        const count = await reader.read(content.subarray(done));
        if (count === 0) break;
        done += count;
      }
      return content;
    } finally {
      reader.close();
    }
  }

  private async tryNames(): Promise<boolean | undefined> {
    try {
      await this.makeFolder(DOT_FOLDER);
      return await keepsNames(this.files, DOT_FOLDER);
    } catch (error) {
      if (error instanceof StorageError && ['read-only', 'denied'].includes(error.code)) return undefined;
      throw error;
    }
  }

  private async list(folder: StoragePath): Promise<EntryList> {
    try {
      const entries = await this.files.list(folder);
      if (folder === ROOT && entries.isEmpty) await this.confirmAbsence();
      return entries;
    } catch (error) {
      if (error instanceof StorageError && error.code === 'not-found') await this.confirmAbsence();
      throw error;
    }
  }

  private async makeMissing(path: StoragePath): Promise<void> {
    if (path === ROOT || this.folders.has(path)) return;
    const found = await this.files.stat(path);
    if (found?.kind === 'file') throw new StorageError('not-folder', 'A parent of the path is a file.');
    if (found === undefined) {
      // In the place of a disk that is not mounted, what is made would be hidden by it later.
      await this.confirmAbsence();
      await this.makeMissing(parentOf(path));
      await this.changing(path, () => this.files.makeFolder(path));
    }
    this.folders.set(path, true);
  }
}

function placeLock(path: StoragePath): string {
  return `place ${path}`;
}

function folderMark(folder: StoragePath): string {
  return `folder ${folder}`;
}
