import fs from 'node:fs';
import type { LocalStorageOptions } from '../../config/snapshot.js';
import type { DriverCapabilities } from '../file-driver.js';
import { StorageError } from '../storage-error.js';
import { errnoOf, toStorageError } from './errno.js';
import type { MaybePromise } from '../../maybe-promise.js';
import type { FileStatus } from './file-status.js';
import { DIRECT_CALLS, QUEUED_CALLS, type FileCalls } from './file-calls.js';
import { hasExtendedAttributes, isLocalFilesystem, mountsBelow } from './filesystem-probe.js';
import { FolderCache } from './folder-cache.js';
import { FolderHandles } from './folder-handles.js';
import type { PathLocks } from './path-locks.js';
import { RecordCache } from './record-cache.js';
import type { UnnamedFiles } from './unnamed-files.js';
import { Workspace } from './workspace.js';

/** What is known of a root once it could be looked at. */
interface Root {
  /** The root's own real path. */
  readonly path: string;
  readonly local: boolean;
  readonly calls: FileCalls;
  readonly folders: FolderCache;
  readonly recordCache: RecordCache | undefined;
  /** Mount points below it: no rename leads there, not even to a bind mount of the same filesystem. */
  innerMounts: readonly string[];
}

/**
 * A folder of a mounted filesystem, as all drivers on it share it: what the filesystem can do, the gateway's own area, locks and
 * cached folder names. A root that is not there yet (a volume not mounted) is looked for again at each use.
 */
export class LocalStorage {
  readonly handles = new FolderHandles();
  private root: Root | undefined;
  /** Made by the first write, so that a read-only storage can be served. */
  private workspace: Workspace | undefined;
  private closed = false;
  private readsRecords: boolean | undefined;

  /** @param fixedCalls the calls to use, whatever the filesystem is */
  constructor(
    private readonly options: LocalStorageOptions,
    private readonly fixedCalls?: FileCalls,
  ) {}

  get durability(): LocalStorageOptions['durability'] {
    return this.options.durability;
  }

  get calls(): FileCalls {
    return this.openRoot().calls;
  }

  /** Whether the filesystem is this machine's own. */
  get local(): boolean {
    return this.openRoot().local;
  }

  get rootPath(): string {
    return this.openRoot().path;
  }

  get folders(): FolderCache {
    return this.openRoot().folders;
  }

  /** Only where a file's times tell of every change at once. */
  get recordCache(): RecordCache | undefined {
    return this.openRoot().recordCache;
  }

  get locks(): PathLocks {
    return this.openWorkspace().locks;
  }

  get hardLinks(): boolean {
    return this.openWorkspace().hardLinks;
  }

  /** Where temporary files need no names, and nobody waits for another machine. */
  get unnamed(): UnnamedFiles | undefined {
    return this.openWorkspace().unnamed;
  }

  /** Whether records are kept in extended attributes. */
  get records(): boolean {
    return this.readsRecords ?? this.probeRecords();
  }

  get capabilities(): DriverCapabilities {
    return {
      atomicCreate: true,
      atomicReplace: true,
      randomWrites: true,
      records: this.records,
      sharedLocks: true,
      pinnedReads: true,
      exactTimes: true,
      dotNames: true,
    };
  }

  /** Absolute path, of no other process and no other call, for a new temporary file, on the same filesystem as the root. */
  newTemporaryPath(): string {
    return this.openWorkspace().newTemporaryPath();
  }

  /** Makes the gateway's own area again, where somebody has taken it away. */
  restoreWorkspace(): void {
    this.openWorkspace().restore();
  }

  /**
   * Asked where something is not there: of a root that is gone (a folder that was moved, a volume that is not mounted) nothing is, and
   * whoever is told so of each of its files, and mirrors it, would delete all copies.
   *
   * @throws StorageError `unavailable`
   */
  requireRoot(): MaybePromise<void> {
    const { path, calls } = this.openRoot();
    const stat = calls.lstat(path);
    if (stat instanceof Promise) return stat.then((now) => this.refuseMissing(now));
    this.refuseMissing(stat);
  }

  /** Whether a folder is, or lies in, another mount below the root. */
  isOnInnerMount(folder: string): boolean {
    const { innerMounts } = this.openRoot();
    return innerMounts.some((mount) => folder === mount || folder.startsWith(`${mount}/`));
  }

  /** Looks again at what is mounted below the root. */
  readMounts(): void {
    const root = this.openRoot();
    root.innerMounts = mountsBelow(root.path);
  }

  /** @throws StorageError `unavailable` where the root cannot be used; the message says why */
  check(): void {
    const { path } = this.openRoot();
    try {
      fs.readdirSync(path);
    } catch (error) {
      throw this.unusable(error);
    }
  }

  /** The same without waiting in this thread: a network filesystem may hang. @throws StorageError `unavailable` */
  async probe(): Promise<void> {
    try {
      const folder = await fs.promises.opendir(this.options.root);
      // Reading a large folder whole would cost more than all that is learned.
      try {
        await folder.read();
      } finally {
        await folder.close();
      }
    } catch (error) {
      throw this.unusable(error);
    }
  }

  /** Nothing goes on by itself any more; requests that still run end as they would have. */
  close(): void {
    this.closed = true;
    this.workspace?.close();
  }

  private openRoot(): Root {
    if (this.root !== undefined) return this.root;
    try {
      const path = fs.realpathSync.native(this.options.root);
      if (!fs.statSync(path).isDirectory()) {
        throw new StorageError('unavailable', `The storage root ${this.options.root} is not a folder.`);
      }
      const local = isLocalFilesystem(path);
      const calls = this.fixedCalls ?? (local ? DIRECT_CALLS : QUEUED_CALLS);
      const recordCache = local && calls === DIRECT_CALLS ? new RecordCache() : undefined;
      this.root = { path, local, calls, folders: new FolderCache(local), recordCache, innerMounts: mountsBelow(path) };
      return this.root;
    } catch (error) {
      throw this.unusable(error);
    }
  }

  private refuseMissing(stat: FileStatus | undefined): void {
    if (stat !== undefined) return;
    throw new StorageError('unavailable', `The storage root ${this.options.root} is gone.`);
  }

  private unusable(error: unknown): unknown {
    const errno = errnoOf(error);
    if (errno === undefined) return error;
    return new StorageError('unavailable', `The storage root ${this.options.root} cannot be used: ${errno}.`, {
      cause: error,
    });
  }

  private openWorkspace(): Workspace {
    if (this.workspace !== undefined && !this.closed) return this.workspace;
    const { path, calls } = this.openRoot();
    try {
      return this.closed ? this.lateWorkspace(path, calls) : this.beginWorkspace(path, calls);
    } catch (error) {
      throw toStorageError(error);
    }
  }

  private beginWorkspace(root: string, calls: FileCalls): Workspace {
    this.workspace = Workspace.in(root, calls);
    this.workspace.keepClean();
    return this.workspace;
  }

  /** For requests that outlive the storage: with nothing that goes on by itself, since nobody would end it. */
  private lateWorkspace(root: string, calls: FileCalls): Workspace {
    if (this.workspace === undefined) {
      this.workspace = Workspace.in(root, calls);
      this.workspace.close();
    }
    this.workspace.restore();
    return this.workspace;
  }

  private probeRecords(): boolean {
    if (this.options.metadata !== 'auto') return (this.readsRecords = this.options.metadata === 'xattr');
    try {
      return (this.readsRecords = hasExtendedAttributes(this.openWorkspace().temporaryFolder));
    } catch {
      // Nothing can be written here now, so there is nothing to try; records that are there can be read all the same. The next
      // use looks again: a disk that was full at the start must not cost every object its record.
      return true;
    }
  }
}
