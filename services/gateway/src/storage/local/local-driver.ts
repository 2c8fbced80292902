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
import { RESERVED_FOLDER, ROOT, joinPath, parentOf, type StoragePath } from '../storage-path.js';
import { errnoOf, toStorageError, translate } from './errno.js';
import type { FileCalls } from './file-calls.js';
import { toFileStat } from './file-facts.js';
import type { FileStatus } from './file-status.js';
import { FolderHandle, openOrMakeFolder, pathOf } from './folder-handle.js';
import { readFolderNames } from './folder-names.js';
import { LocalOpenFile } from './local-open-file.js';
import type { LocalStorage } from './local-storage.js';
import { LocalTemporaryFile, type TargetScope } from './local-temporary-file.js';
import { LocalWritableFile } from './local-writable-file.js';
import { readRecord, writeRecord } from './record-attribute.js';

// A pipe would hold the open until somebody writes to it.
const OPEN_READ = constants.O_RDONLY | constants.O_NONBLOCK;
const OPEN_NEW = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const OPEN_SHARED = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
const FILE_MODE = 0o666;
/** Files looked at in one go on a filesystem that answers slowly. */
const LOOKS_AT_ONCE = 32;

/** A file's record as it was read, undefined where it has none. */
interface FreshRecord {
  readonly stat: FileStatus;
  readonly record: Buffer | undefined;
}

/** The driver of mounted filesystems: a local disk, a PVC, an NFS share. One instance is confined to one folder. */
export class LocalDriver implements FileDriver {
  /**
   * @param scopePath path below the storage's root, empty for the root
   * @param floor the folder, below the root too, below which missing ones may be made
   */
  constructor(
    private readonly storage: LocalStorage,
    private readonly scopePath: StoragePath,
    private readonly floor: StoragePath = ROOT,
  ) {}

  get capabilities(): DriverCapabilities {
    return this.storage.capabilities;
  }

  /** Asked for when it is needed only: before that, the storage may not be there. */
  get areUnchanged(): FileDriver['areUnchanged'] {
    const { isUnchangedIn } = this.storage.calls;
    return isUnchangedIn && ((folder, names, stats) => this.compare(isUnchangedIn, folder, names, stats));
  }

  /** Absolute path of the scope. */
  private get base(): string {
    return this.scopePath === '' ? this.storage.rootPath : `${this.storage.rootPath}/${this.scopePath}`;
  }

  scope(folder: StoragePath, mustExist = false): LocalDriver {
    const path = joinPath(this.scopePath, folder);
    return new LocalDriver(this.storage, path, mustExist ? path : this.floor);
  }

  async open(path: StoragePath): Promise<OpenFile> {
    const { calls } = this.storage;
    const absolute = this.absolute(path);
    let fd = -1;
    try {
      fd = await calls.open(absolute, OPEN_READ);
      const stat = await calls.fstat(fd);
      const actual = await pathOf(calls, fd, absolute);
      const named = actual === absolute || actual === `${absolute} (deleted)`;
      if (!named) await this.checkLink(absolute, actual);
      if (stat.isDirectory()) throw new StorageError('is-folder', 'The path is a folder.');
      if (!stat.isFile()) throw new StorageError('not-found', 'The path is not a regular file.');
      const record = this.storage.records ? await readRecord(calls, named ? absolute : actual) : undefined;
      return new LocalOpenFile(this.storage, fd, toFileStat(stat, this.storage.local), record);
    } catch (error) {
      if (fd >= 0) await calls.close(fd);
      throw toStorageError(error);
    }
  }

  async facts(path: StoragePath): Promise<FileFacts | undefined> {
    const absolute = this.absolute(path);
    try {
      const stat = await this.storage.calls.lstat(absolute);
      if (stat === undefined) return undefined;
      if (stat.isSymbolicLink()) return await this.linkFacts(absolute);
      if (!(await this.isWithin(absolute))) return undefined;
      if (stat.isDirectory()) return { stat: toFileStat(stat, this.storage.local), record: undefined };
      return stat.isFile()
        ? { stat: toFileStat(stat, this.storage.local), record: await this.recordAt(absolute) }
        : undefined;
    } catch (error) {
      if (isAbsence(error)) return undefined;
      throw toStorageError(error);
    }
  }

  identify(path: StoragePath): MaybePromise<FileStat | undefined> {
    try {
      const stat = this.storage.calls.lstat(this.absolute(path));
      if (!(stat instanceof Promise)) return stat && toFileStat(stat, this.storage.local);
      return stat.then((known) => known && toFileStat(known, this.storage.local));
    } catch {
      return undefined;
    }
  }

  async stat(path: StoragePath): Promise<FileStat | undefined> {
    const absolute = this.absolute(path);
    try {
      const stat = await this.storage.calls.lstat(absolute);
      if (stat === undefined) return undefined;
      if (stat.isSymbolicLink()) return (await this.linkFacts(absolute))?.stat;
      const plain = stat.isFile() || stat.isDirectory();
      return plain && (await this.isWithin(absolute)) ? toFileStat(stat, this.storage.local) : undefined;
    } catch (error) {
      if (isAbsence(error)) return undefined;
      throw toStorageError(error);
    }
  }

  async factsOf(folder: StoragePath, names: readonly string[]): Promise<readonly (FileFacts | undefined)[]> {
    const absolute = this.absolute(folder);
    const all: (FileFacts | undefined)[] = [];
    const fresh: FreshRecord[] = [];
    const lookedAt = Date.now();
    try {
      const handle = await FolderHandle.open(this.storage.calls, absolute);
      try {
        for (let start = 0; start < names.length; start += LOOKS_AT_ONCE) {
          const few = names.slice(start, start + LOOKS_AT_ONCE);
          const looks = few.map((name) => this.factsInFolder(handle, name, `${absolute}/${name}`, fresh));
          all.push(...(looks.some(isPromise) ? await Promise.all(looks) : (looks as (FileFacts | undefined)[])));
        }
        // Their records by their paths, since naming a thousand files by the descriptor costs half as much again; so a look at the end, too.
        if (!(await handle.isAt(absolute))) return names.map(() => undefined);
        for (const { stat, record } of fresh) this.storage.recordCache?.set(stat, record, lookedAt);
        return all;
      } finally {
        await handle.close();
      }
    } catch (error) {
      if (isAbsence(error)) return names.map(() => undefined);
      throw toStorageError(error);
    }
  }

  async list(folder: StoragePath): Promise<FolderNames> {
    const { calls, folders } = this.storage;
    const absolute = this.absolute(folder);
    try {
      const stat = await calls.lstat(absolute);
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
      const folder = await openOrMakeFolder(calls, rootPath, this.absolute(path));
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
    // From the root on: another gateway may have it mounted elsewhere.
    return this.storage.locks.run(joinPath(this.scopePath, path), action);
  }

  private get target(): TargetScope {
    const { rootPath } = this.storage;
    return { base: this.base, floor: this.floor === '' ? rootPath : `${rootPath}/${this.floor}` };
  }

  private absolute(path: StoragePath): string {
    return path === '' ? this.base : `${this.base}/${path}`;
  }

  private temporary(fd: number, path?: string, adopted = false): LocalTemporaryFile {
    return new LocalTemporaryFile(this.storage, this.target, { fd, path, adopted });
  }

  private async openTemporary(open: () => MaybePromise<number>): Promise<number> {
    try {
      return await open();
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw toStorageError(error);
    }
    return translate(() => {
      this.storage.restoreTemporaryFolder();
      return open();
    });
  }

  private recordAt(absolute: string): MaybePromise<Buffer | undefined> {
    return this.storage.records ? readRecord(this.storage.calls, absolute) : undefined;
  }

  private async compare(
    isUnchangedIn: NonNullable<FileCalls['isUnchangedIn']>,
    folder: StoragePath,
    names: readonly string[],
    stats: readonly FileStat[],
  ): Promise<boolean> {
    const absolute = this.absolute(folder);
    try {
      const handle = await FolderHandle.open(this.storage.calls, absolute);
      try {
        const place = { folder: absolute, fd: handle.fd, name: '' };
        for (let index = 0; index < stats.length; index++) {
          const { identity, changeMs = NaN } = stats[index] as FileStat;
          place.name = names[index] as string;
          if (!isUnchangedIn(place, Number(identity), changeMs)) return false;
        }
        return await handle.isAt(absolute);
      } finally {
        await handle.close();
      }
    } catch (error) {
      if (isAbsence(error)) return false;
      throw toStorageError(error);
    }
  }

  /** @param fresh takes what was read of a record, to be kept once it is sure that the path has led to the folder */
  private factsInFolder(
    handle: FolderHandle,
    name: string,
    path: string,
    fresh: FreshRecord[],
  ): MaybePromise<FileFacts | undefined> {
    const { calls, records, recordCache } = this.storage;
    if (!records) return this.factsLater(path, undefined);
    if (recordCache === undefined) return this.factsLater(path, readRecord(calls, path));
    const stat = handle.lstat(name);
    if (stat === undefined || stat instanceof Promise) return this.factsLater(path, readRecord(calls, path));
    const known = stat.isFile() ? recordCache.get(stat) : undefined;
    if (known !== undefined) return { stat: toFileStat(stat, true), record: known.length > 0 ? known : undefined };
    const record = readRecord(calls, path);
    if (record instanceof Promise) return this.factsLater(path, record);
    // What has changed meanwhile is looked at behind its record: of a file that is deleted in between, there is then nothing, and not a file
    // without a record.
    if (!stat.isFile() || !handle.isUnchanged(name, stat)) return this.factsLater(path, readRecord(calls, path));
    fresh.push({ stat, record });
    return { stat: toFileStat(stat, true), record };
  }

  private async factsLater(path: string, reading: MaybePromise<Buffer | undefined>): Promise<FileFacts | undefined> {
    try {
      const record = await reading;
      const stat = await this.storage.calls.lstat(path);
      if (stat?.isSymbolicLink()) return await this.linkFacts(path);
      return stat?.isFile() ? { stat: toFileStat(stat, this.storage.local), record } : undefined;
    } catch (error) {
      if (isAbsence(error)) return undefined;
      throw toStorageError(error);
    }
  }

  /** Whether no folder in a path is a symbolic link. */
  private async isWithin(absolute: string): Promise<boolean> {
    const parent = parentPath(absolute);
    const { rootPath, calls } = this.storage;
    if (parent === rootPath || absolute === rootPath || parent.startsWith(`${rootPath}/${RESERVED_FOLDER}/`))
      return true;
    return (await calls.realpath(parent)) === parent;
  }

  private async linkFacts(absolute: string): Promise<FileFacts | undefined> {
    const { calls } = this.storage;
    const actual = await calls.realpath(absolute);
    await this.checkLink(absolute, actual);
    const stat = await calls.lstat(actual);
    // The link may lead elsewhere while what it led to stays as it is.
    return stat?.isFile() ? { stat: toFileStat(stat, false), record: await this.recordAt(actual) } : undefined;
  }

  /** A link may lead to a file inside the scope; a folder in the path may not be one, or loops and other buckets would come within reach. */
  private async checkLink(absolute: string, actual: string): Promise<void> {
    const parent = parentPath(absolute);
    const inside =
      actual.startsWith(`${this.base}/`) && !actual.startsWith(`${this.storage.rootPath}/${RESERVED_FOLDER}`);
    if (inside && (await this.storage.calls.realpath(parent)) === parent) return;
    throw new StorageError('not-found', 'A symbolic link leads out of the bucket.');
  }

  /** Runs an action on a name in its verified folder. */
  private async inFolderOf<T>(path: StoragePath, make: boolean, action: (name: string) => MaybePromise<T>): Promise<T> {
    const { calls } = this.storage;
    const absolute = this.absolute(path);
    const parent = path === '' ? parentPath(absolute) : this.absolute(parentOf(path));
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

function isPromise(value: unknown): boolean {
  return value instanceof Promise;
}

function isAbsence(error: unknown): boolean {
  const code = error instanceof StorageError ? error.code : errnoOf(error);
  return code === 'not-found' || code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP';
}

function parentPath(absolute: string): string {
  return absolute.slice(0, absolute.lastIndexOf('/')) || '/';
}
