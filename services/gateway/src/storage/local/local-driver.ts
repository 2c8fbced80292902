import { constants } from 'node:fs';
import type { MaybePromise } from '../../maybe-promise.js';
import type {
  DriverCapabilities,
  FileDriver,
  FileFacts,
  FileStat,
  FolderNames,
  OpenFile,
  TemporaryFile,
  WritableFile,
} from '../file-driver.js';
import { StorageError } from '../storage-error.js';
import { RESERVED_FOLDER, ROOT, parentOf, type StoragePath } from '../storage-path.js';
import { errnoOf, isAbsence, toStorageError, translate } from './errno.js';
import { toFileStat } from './file-facts.js';
import { FolderHandle, openOrMakeFolder, pathOf } from './folder-handle.js';
import { readFolderNames } from './folder-names.js';
import { LocalFacts } from './local-facts.js';
import { LocalOpenFile } from './local-open-file.js';
import { LocalScope, parentPath } from './local-scope.js';
import type { LocalStorage } from './local-storage.js';
import { LocalTemporaryFile } from './local-temporary-file.js';
import { LocalWritableFile } from './local-writable-file.js';
import { readRecord, writeRecord } from './record-attribute.js';

// A pipe would hold the open until somebody writes to it.
const OPEN_READ = constants.O_RDONLY | constants.O_NONBLOCK;
const OPEN_NEW = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const OPEN_SHARED = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
const FILE_MODE = 0o666;

/** The driver of mounted filesystems: a local disk, a PVC, an NFS share. One instance is confined to one folder. */
export class LocalDriver implements FileDriver {
  private readonly looks: LocalFacts;

  private constructor(
    private readonly storage: LocalStorage,
    private readonly confines: LocalScope,
  ) {
    this.looks = new LocalFacts(storage, confines);
  }

  /** The driver of a whole storage. */
  static of(storage: LocalStorage): LocalDriver {
    return new LocalDriver(storage, new LocalScope(storage, ROOT));
  }

  get capabilities(): DriverCapabilities {
    return this.storage.capabilities;
  }

  /** Asked for when it is needed only: before that, the storage may not be there. */
  get areUnchanged(): FileDriver['areUnchanged'] {
    const { isUnchangedIn } = this.storage.calls;
    return isUnchangedIn && ((folder, names, stats) => this.looks.areUnchanged(isUnchangedIn, folder, names, stats));
  }

  scope(folder: StoragePath, mustExist = false): LocalDriver {
    return new LocalDriver(this.storage, this.confines.narrow(folder, mustExist));
  }

  facts(path: StoragePath): Promise<FileFacts | undefined> {
    return this.looks.of(path);
  }

  stat(path: StoragePath): Promise<FileStat | undefined> {
    return this.looks.stat(path);
  }

  identify(path: StoragePath): MaybePromise<FileStat | undefined> {
    return this.looks.identify(path);
  }

  factsOf(folder: StoragePath, names: readonly string[]): Promise<readonly (FileFacts | undefined)[]> {
    return this.looks.inFolder(folder, names);
  }

  async open(path: StoragePath): Promise<OpenFile> {
    const { calls } = this.storage;
    const absolute = this.confines.absolute(path);
    let fd = -1;
    try {
      fd = await calls.open(absolute, OPEN_READ);
      const stat = await calls.fstat(fd);
      const actual = await pathOf(calls, fd, absolute);
      const named = actual === absolute || actual === `${absolute} (deleted)`;
      if (!named) await this.confines.checkLink(absolute, actual);
      if (stat.isDirectory()) throw new StorageError('is-folder', 'The path is a folder.');
      if (!stat.isFile()) throw new StorageError('not-found', 'The path is not a regular file.');
      const record = this.storage.records ? await readRecord(calls, named ? absolute : actual) : undefined;
      return new LocalOpenFile(this.storage, fd, toFileStat(stat, this.storage.local), record);
    } catch (error) {
      if (fd >= 0) await calls.close(fd);
      if (errnoOf(error) === 'ENOENT') await this.storage.requireRoot();
      throw toStorageError(error);
    }
  }

  async list(folder: StoragePath): Promise<FolderNames> {
    const { calls, folders } = this.storage;
    const absolute = this.confines.absolute(folder);
    try {
      const stat = await calls.lstat(absolute);
      if (stat === undefined) await this.storage.requireRoot();
      if (stat === undefined || stat.isSymbolicLink()) throw new StorageError('not-found', 'There is no such folder.');
      if (!stat.isDirectory()) throw new StorageError('not-folder', 'The path is not a folder.');
      const identity = String(stat.ino);
      const known = folders.get(absolute, identity, stat.mtimeMs);
      if (known !== undefined) return known;
      const readAt = Date.now();
      const handle = await FolderHandle.open(calls, absolute);
      try {
        const names = await readFolderNames(calls, handle.path);
        folders.set(absolute, { identity, mtimeMs: stat.mtimeMs, names }, readAt);
        return names;
      } finally {
        await handle.close();
      }
    } catch (error) {
      throw toStorageError(error);
    }
  }

  async createTemporary(): Promise<TemporaryFile> {
    const { calls, unnamed } = this.storage;
    if (unnamed) return this.temporary(await this.openTemporary(() => unnamed.create()));
    const path = this.storage.newTemporaryPath();
    return this.temporary(await this.openTemporary(() => calls.open(path, OPEN_NEW, FILE_MODE)), path);
  }

  async adopt(reservedPath: StoragePath): Promise<TemporaryFile> {
    try {
      const path = `${this.storage.rootPath}/${RESERVED_FOLDER}/${reservedPath}`;
      const fd = await this.storage.calls.open(path, constants.O_RDWR | constants.O_NOFOLLOW);
      return this.temporary(fd, path, true);
    } catch (error) {
      throw toStorageError(error);
    }
  }

  async openForWriting(path: StoragePath): Promise<WritableFile> {
    const fd = await this.inFolderOf(path, true, (name) => this.storage.calls.open(name, OPEN_SHARED, FILE_MODE));
    return new LocalWritableFile(this.storage, fd);
  }

  async claim(path: StoragePath): Promise<boolean> {
    const { calls } = this.storage;
    try {
      await calls.close(await this.inFolderOf(path, true, (name) => calls.open(name, OPEN_NEW, FILE_MODE)));
      return true;
    } catch (error) {
      if (error instanceof StorageError && error.code === 'exists') return false;
      throw error;
    }
  }

  async removeFile(path: StoragePath): Promise<boolean> {
    try {
      await this.inFolderOf(path, false, (name) => this.storage.calls.unlink(name));
      return true;
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      if (error.code === 'not-found' || error.code === 'not-folder') return false;
      // Linux says EISDIR for a folder, POSIX and macOS EPERM.
      const isFolder = error.code === 'denied' && (await this.facts(path))?.stat.kind === 'folder';
      throw isFolder ? new StorageError('is-folder', 'The path is a folder.') : error;
    }
  }

  async makeFolder(path: StoragePath): Promise<void> {
    try {
      const { calls, rootPath } = this.storage;
      const folder = await openOrMakeFolder(calls, rootPath, this.confines.absolute(path));
      await folder.close();
    } catch (error) {
      throw toStorageError(error);
    }
  }

  async removeFolder(path: StoragePath): Promise<boolean> {
    try {
      await this.inFolderOf(path, false, (name) => this.storage.calls.rmdir(name));
      return true;
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      if (['not-found', 'not-folder', 'not-empty', 'exists', 'failed'].includes(error.code)) return false;
      throw error;
    }
  }

  async setRecord(path: StoragePath, record: Buffer): Promise<void> {
    await this.inFolderOf(path, false, (name) => writeRecord(this.storage.calls, name, record));
  }

  lock<T>(path: StoragePath, action: () => MaybePromise<T>): MaybePromise<T> {
    let begun = false;
    const run = (): MaybePromise<T> =>
      // From the root on: another gateway may have it mounted elsewhere.
      this.storage.locks.run(this.confines.fromRoot(path), () => {
        begun = true;
        return action();
      });
    const runAgain = (error: unknown): Promise<T> => {
      if (begun) throw error;
      if (!isAbsence(error)) throw toStorageError(error);
      return this.inRestoredWorkspace(run);
    };
    try {
      const result = run();
      return result instanceof Promise ? result.catch(runAgain) : result;
    } catch (error) {
      return runAgain(error);
    }
  }

  private temporary(fd: number, path?: string, adopted = false): LocalTemporaryFile {
    return new LocalTemporaryFile(this.storage, this.confines, { fd, path, adopted });
  }

  private async openTemporary(open: () => MaybePromise<number>): Promise<number> {
    try {
      return await open();
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw toStorageError(error);
    }
    return this.inRestoredWorkspace(open);
  }

  /** Runs what has failed since somebody has taken the gateway's own area away. */
  private async inRestoredWorkspace<T>(action: () => MaybePromise<T>): Promise<T> {
    await this.storage.requireRoot();
    return translate(() => {
      this.storage.restoreWorkspace();
      return action();
    });
  }

  /** Runs an action on a name in its verified folder. */
  private async inFolderOf<T>(path: StoragePath, make: boolean, action: (name: string) => MaybePromise<T>): Promise<T> {
    const { calls } = this.storage;
    const absolute = this.confines.absolute(path);
    const parent = path === '' ? parentPath(absolute) : this.confines.absolute(parentOf(path));
    try {
      const folder = await (make
        ? openOrMakeFolder(calls, this.storage.rootPath, parent)
        : FolderHandle.open(calls, parent));
      try {
        return await action(`${folder.path}/${absolute.slice(parent.length + 1)}`);
      } finally {
        await folder.close();
      }
    } catch (error) {
      throw toStorageError(error);
    }
  }
}
