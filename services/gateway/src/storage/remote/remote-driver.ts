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
import { StorageError, isNothingThere } from '../storage-error.js';
import { RESERVED_FOLDER, ROOT, joinPath, type StoragePath } from '../storage-path.js';
import type { FolderListing } from './folder-listings.js';
import { RemoteOpenFile } from './remote-open-file.js';
import type { RemoteStorage } from './remote-storage.js';
import { RemoteTemporaryFile } from './remote-temporary-file.js';
import { toFileStat } from './to-file-stat.js';

/** The driver of servers of files over HTTP: WebDAV, OpenList. One instance is confined to one folder. */
export class RemoteDriver implements FileDriver {
  /** @param scopePath path below the storage's root, empty for the root */
  constructor(
    private readonly storage: RemoteStorage,
    private readonly scopePath: StoragePath = ROOT,
  ) {}

  get capabilities(): DriverCapabilities {
    return this.storage.capabilities;
  }

  scope(folder: StoragePath): RemoteDriver {
    return new RemoteDriver(this.storage, this.inStorage(folder));
  }

  async open(path: StoragePath): Promise<OpenFile> {
    const place = this.inStorage(path);
    const isUntouched = this.storage.watch(place);
    const entry = await this.storage.stat(place);
    if (entry === undefined) throw new StorageError('not-found', 'There is no such file.');
    if (entry.kind === 'folder') throw new StorageError('is-folder', 'The path is a folder.');
    return new RemoteOpenFile(this.storage.files, place, entry, toFileStat(entry), isUntouched);
  }

  async facts(path: StoragePath): Promise<FileFacts | undefined> {
    const stat = await this.stat(path);
    return stat && { stat, record: undefined };
  }

  identify(path: StoragePath): Promise<FileStat | undefined> {
    return this.stat(path);
  }

  async stat(path: StoragePath): Promise<FileStat | undefined> {
    const entry = await this.storage.stat(this.inStorage(path));
    return entry && toFileStat(entry);
  }

  async factsOf(folder: StoragePath, names: readonly string[]): Promise<readonly (FileFacts | undefined)[]> {
    let listing: FolderListing | undefined;
    try {
      listing = await this.storage.listings.get(this.inStorage(folder));
    } catch (error) {
      if (!isNothingThere(error)) throw error;
    }
    return names.map((name) => {
      const entry = listing?.find(name);
      return entry && { stat: toFileStat(entry), record: undefined };
    });
  }

  list(folder: StoragePath): Promise<FolderNames> {
    return this.storage.listings.get(this.inStorage(folder));
  }

  createTemporary(length?: number): TemporaryFile {
    return new RemoteTemporaryFile(this.storage, (path) => this.inStorage(path), length);
  }

  adopt(reservedPath: StoragePath): TemporaryFile {
    const place = joinPath(RESERVED_FOLDER, reservedPath);
    return new RemoteTemporaryFile(this.storage, (path) => this.inStorage(path), undefined, place);
  }

  readSmall(path: StoragePath): Promise<Buffer | undefined> {
    return this.storage.readSmall(this.inStorage(path));
  }

  openForWriting(): WritableFile {
    throw new Error('This driver writes files from start to end only.');
  }

  async claim(path: StoragePath): Promise<boolean> {
    const temporary = this.createTemporary(0);
    try {
      await temporary.finish(path);
      await temporary.commit('create');
      return true;
    } catch (error) {
      await temporary.discard();
      if (error instanceof StorageError && (error.code === 'exists' || error.code === 'is-folder')) return false;
      throw error;
    }
  }

  removeFile(path: StoragePath): Promise<boolean> {
    const place = this.inStorage(path);
    const { files } = this.storage;
    return this.storage.changing(place, async () => {
      // It would come back later.
      await files.restore?.(place, (give) => give());
      const dropped = await this.storage.stranded.drop(place);
      const entry = await files.stat(place);
      if (entry?.kind === 'folder') throw new StorageError('is-folder', 'The path is a folder.');
      if (entry !== undefined) return (await this.storage.isNamedSo(place)) && files.removeFile(place);
      await this.storage.confirmAbsence();
      return dropped;
    });
  }

  makeFolder(path: StoragePath): Promise<void> {
    return this.storage.makeFolder(this.inStorage(path));
  }

  async removeFolder(path: StoragePath): Promise<boolean> {
    const place = this.inStorage(path);
    if (place === ROOT || !(await this.storage.listsDotNames())) return false;
    const { files, stranded } = this.storage;
    await stranded.restoreIn(place);
    try {
      return await this.storage.changing(place, async () => {
        // Not only of entries: what has none is another program's file, and would be deleted with its folder.
        if (!(await files.list(place)).isEmpty) return false;
        this.storage.forgetFolders();
        await files.removeFolder(place);
        return true;
      });
    } catch (error) {
      if (error instanceof StorageError && ['not-found', 'not-folder', 'not-empty'].includes(error.code)) return false;
      throw error;
    }
  }

  setRecord(): never {
    throw new Error('This driver keeps no records.');
  }

  lock<T>(path: StoragePath, action: () => MaybePromise<T>): Promise<T> {
    return this.storage.lock(this.inStorage(path), action);
  }

  private inStorage(path: StoragePath): StoragePath {
    return path === '' ? this.scopePath : joinPath(this.scopePath, path);
  }
}
