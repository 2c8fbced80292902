import { StorageError } from '../storage-error.js';
import { RESERVED_FOLDER, ROOT, joinPath, type StoragePath } from '../storage-path.js';
import type { LocalStorage } from './local-storage.js';
import type { TargetScope } from './local-temporary-file.js';

/** The folder that a driver is confined to: what its paths are on the filesystem, and what symbolic links may not lead out of. */
export class LocalScope implements TargetScope {
  /**
   * @param path below the storage's root, empty for the root
   * @param floorPath the folder, below the root too, below which missing ones may be made
   */
  constructor(
    private readonly storage: LocalStorage,
    private readonly path: StoragePath,
    private readonly floorPath: StoragePath = ROOT,
  ) {}

  get base(): string {
    return this.below(this.path);
  }

  get floor(): string {
    return this.below(this.floorPath);
  }

  /** @param mustExist nothing makes this folder */
  narrow(folder: StoragePath, mustExist: boolean): LocalScope {
    const path = this.fromRoot(folder);
    return new LocalScope(this.storage, path, mustExist ? path : this.floorPath);
  }

  absolute(path: StoragePath): string {
    return path === '' ? this.base : `${this.base}/${path}`;
  }

  /** The same path, as it is named from the storage's root on. */
  fromRoot(path: StoragePath): StoragePath {
    return joinPath(this.path, path);
  }

  /** Whether no folder in a path is a symbolic link. */
  async contains(absolute: string): Promise<boolean> {
    const parent = parentPath(absolute);
    const { rootPath, calls } = this.storage;
    if (parent === rootPath || absolute === rootPath || parent.startsWith(`${rootPath}/${RESERVED_FOLDER}/`))
      return true;
    return (await calls.realpath(parent)) === parent;
  }

  /**
   * A link may lead to a file inside the scope; a folder in the path may not be one, or loops and other buckets would come within reach.
   *
   * @param actual where the path leads
   * @throws StorageError `not-found`
   */
  async checkLink(absolute: string, actual: string): Promise<void> {
    const parent = parentPath(absolute);
    const inside =
      actual.startsWith(`${this.base}/`) && !actual.startsWith(`${this.storage.rootPath}/${RESERVED_FOLDER}`);
    if (inside && (await this.storage.calls.realpath(parent)) === parent) return;
    throw new StorageError('not-found', 'A symbolic link leads out of the bucket.');
  }

  private below(path: StoragePath): string {
    const { rootPath } = this.storage;
    return path === '' ? rootPath : `${rootPath}/${path}`;
  }
}

/** The folder of an absolute path. */
export function parentPath(absolute: string): string {
  return absolute.slice(0, absolute.lastIndexOf('/')) || '/';
}
