import fs from 'node:fs/promises';
import { constants } from 'node:fs';
import { randomUUID } from 'node:crypto';
import type { MaybePromise } from '../../maybe-promise.js';
import type { CommitMode, FileStat, TemporaryFile } from '../file-driver.js';
import { StorageError } from '../storage-error.js';
import { RESERVED_PREFIX, type StoragePath } from '../storage-path.js';
import { errnoOf, toStorageError, translate } from './errno.js';
import { LARGE_TRANSFER, QUEUED_CALLS, writeAt } from './file-calls.js';
import { toFileStat } from './file-facts.js';
import { openOrMakeFolder, type FolderHandle } from './folder-handle.js';
import type { LocalStorage } from './local-storage.js';
import { writeRecord } from './record-attribute.js';
import { AWAY } from './temporary-sweeper.js';
import type { UnnamedFiles } from './unnamed-files.js';

/** A DELETE that prunes empty folders may take the parent away between its making and the rename, again and again. */
const MAX_ATTEMPTS = 100;

interface Target {
  /** Absolute path of the parent folder, and the name in it. */
  readonly parent: string;
  readonly name: string;
  folder: FolderHandle;
}

/** Where a file went whose target lies on another filesystem. */
interface Away {
  /** In the target's folder. */
  readonly name: string;
  /** Absolute path of the note by which a sweep finds it. */
  readonly note: string;
}

/** Where a temporary file may go; absolute paths. */
export interface TargetScope {
  /** The folder that targets are named in. */
  readonly base: string;
  /** The folder below which missing ones are made. Often above the base: a bucket may be mapped to a folder that its first object makes. */
  readonly floor: string;
}

/** A temporary file as it is at the start. */
export interface TemporaryOrigin {
  /** Its descriptor, open for writing. */
  readonly fd: number;
  /** Its absolute path; undefined where it has no name ({@link UnnamedFiles}). */
  readonly path: string | undefined;
  /** The file was there before, and stays when the temporary one is discarded. */
  readonly adopted: boolean;
}

/** A file that becomes an object by one rename or link. */
export class LocalTemporaryFile implements TemporaryFile {
  private written = 0;
  private size = 0;
  private flushed = false;
  /** It had a name for a moment, and perhaps has none any more. */
  private lost = false;
  private pending: Promise<void> | undefined;
  private target: Target | undefined;
  private away: Away | undefined;
  private fd: number;
  private path: string | undefined;
  private readonly adopted: boolean;

  constructor(
    private readonly storage: LocalStorage,
    private readonly scope: TargetScope,
    { fd, path, adopted }: TemporaryOrigin,
  ) {
    this.fd = fd;
    this.path = path;
    this.adopted = adopted;
  }

  write(piece: Buffer): MaybePromise<void> {
    const position = this.written;
    this.written += piece.length;
    const written = translate(() => writeAt(this.storage.calls, this.fd, piece, position));
    if (written instanceof Promise) this.pending = written;
    return written;
  }

  async finish(target: StoragePath): Promise<FileStat> {
    const { calls } = this.storage;
    try {
      const path = `${this.scope.base}/${target}`;
      const slash = path.lastIndexOf('/');
      const parent = path.slice(0, slash);
      const folder = await this.openFolder(parent);
      this.target = { parent, name: path.slice(slash + 1), folder };
      let stat = await calls.fstat(this.fd);
      if (stat.dev !== (await folder.device()) || this.storage.isOnInnerMount(parent)) {
        await this.moveTo(folder, parent);
        stat = await calls.fstat(this.fd);
      } else if (this.adopted) {
        // It was written in parts, perhaps days ago; it becomes an object now.
        await calls.futimes(this.fd, new Date());
        stat = await calls.fstat(this.fd);
      }
      // Where a record is still to come, it must be flushed as well, and that flush does for both.
      if (!this.storage.records) await this.flush();
      this.size = stat.size;
      // Without the time of its last change, which the commit is to be.
      return toFileStat(stat, false);
    } catch (error) {
      throw toStorageError(error);
    }
  }

  async setRecord(record: Buffer): Promise<void> {
    const { unnamed } = this;
    if (unnamed) unnamed.setRecord(this.fd, record);
    else await writeRecord(this.storage.calls, this.location as string, record);
    await translate(() => this.flush());
  }

  async commit(mode: CommitMode): Promise<void> {
    const target = this.target;
    if (target === undefined) throw new Error('commit before finish');
    try {
      await this.flush();
      for (let attempt = 1; ; attempt++) {
        try {
          await this.place(target, mode);
          break;
        } catch (error) {
          await this.explain(error, attempt);
        }
        // Opened first: should that fail, the old one is still open when it is given back.
        const folder = await this.openFolder(target.parent);
        await target.folder.close();
        target.folder = folder;
      }
      if (this.storage.durability === 'directory') await target.folder.sync();
      await this.closeDescriptor();
      await this.forgetNote();
      await this.closeTarget();
    } catch (error) {
      throw toStorageError(error);
    }
  }

  async discard(): Promise<void> {
    try {
      await this.closeDescriptor();
      const { location } = this;
      if (location !== undefined && (!this.adopted || this.away)) await this.storage.calls.unlink(location);
      await this.forgetNote();
    } catch {
      // Whoever discards has an error to report that says more; what is left is swept when this process has gone.
    } finally {
      await this.closeTarget();
    }
  }

  /** Absolute path of the file as it is now; undefined while it has none. */
  private get location(): string | undefined {
    return this.away && this.target ? `${this.target.folder.path}/${this.away.name}` : this.path;
  }

  /** Set while the file has no name. */
  private get unnamed(): UnnamedFiles | undefined {
    return this.location === undefined ? this.storage.unnamed : undefined;
  }

  private async openFolder(path: string): Promise<FolderHandle> {
    const { calls, durability, handles } = this.storage;
    const idle = await handles.take(path);
    if (idle) return idle;
    return openOrMakeFolder(calls, this.scope.floor, path, durability === 'directory');
  }

  private async place({ folder, name }: Target, mode: CommitMode): Promise<void> {
    if (this.unnamed && this.placeUnnamed(this.unnamed, folder, name, mode)) return;
    const { calls, hardLinks } = this.storage;
    const location = this.location as string;
    const target = `${folder.path}/${name}`;
    // To write out a large file that replaces another (ext4) and give back that one's blocks takes the kernel tens of milliseconds.
    if (mode === 'replace') await (this.size < LARGE_TRANSFER ? calls : QUEUED_CALLS).rename(location, target);
    else if (hardLinks) {
      // Unlike a look and a rename, link(2) refuses a name that anybody, also another program, has taken meanwhile.
      await calls.link(location, target);
      try {
        await calls.unlink(location);
      } catch {
        // The object is there, and that is what was asked for.
      }
    } else if (await calls.lstat(target)) throw new StorageError('exists', 'The name is taken.');
    else await calls.rename(location, target);
  }

  /** @returns false where the file has got a name in the storage's own area instead, to go on from */
  private placeUnnamed(unnamed: UnnamedFiles, folder: FolderHandle, name: string, mode: CommitMode): boolean {
    if (unnamed.place(this.fd, folder, name)) return true;
    if (mode === 'create') throw new StorageError('exists', 'The name is taken.');
    if (this.size < LARGE_TRANSFER) {
      this.lost = true;
      unnamed.replace(this.fd, folder, name);
      return true;
    }
    const path = this.storage.newTemporaryPath();
    if (!unnamed.placeAt(this.fd, path)) throw new StorageError('failed', 'The name of a temporary file is taken.');
    this.path = path;
    return false;
  }

  /** Returns where another attempt may do. */
  private async explain(error: unknown, attempt: number): Promise<void> {
    if (errnoOf(error) === 'EXDEV') {
      this.storage.readMounts();
      throw new StorageError('unavailable', 'Another filesystem has been mounted meanwhile.', { cause: error });
    }
    if (errnoOf(error) !== 'ENOENT') throw error;
    const { location } = this;
    // A file that has lost its only name can get no other, and to link it fails as if the folder were gone.
    const there = location === undefined ? !this.lost : await this.storage.calls.lstat(location);
    if (there && attempt < MAX_ATTEMPTS) return;
    throw new StorageError('unavailable', 'The temporary file is gone.', { cause: error });
  }

  /** Another filesystem is mounted below the root, and no rename leads there: goes on from a hidden file in the target's own folder. */
  private async moveTo(folder: FolderHandle, parent: string): Promise<void> {
    const { calls } = this.storage;
    const name = `${RESERVED_PREFIX}-${randomUUID()}`;
    const note = this.storage.newTemporaryPath() + AWAY;
    await fs.writeFile(note, `${parent}/${name}`, { flag: 'wx' });
    this.away = { name, note };
    const source = this.path ?? `/proc/self/fd/${this.fd}`;
    await fs.copyFile(source, `${folder.path}/${name}`, constants.COPYFILE_EXCL);
    await this.closeDescriptor();
    // An adopted file is still its owner's, should this one be discarded.
    if (this.path !== undefined && !this.adopted) await calls.unlink(this.path);
    this.fd = await calls.open(`${folder.path}/${name}`, constants.O_RDWR | constants.O_NOFOLLOW);
  }

  private async forgetNote(): Promise<void> {
    if (this.away) await this.storage.calls.unlink(this.away.note);
  }

  /** Makes content and record durable, as configured; nothing more can be written. */
  private async flush(): Promise<void> {
    if (this.fd < 0 || this.flushed) return;
    this.flushed = true;
    if (this.storage.durability !== 'none') await this.storage.calls.fsync(this.fd);
    // The descriptor is all that an unnamed file is known by.
    if (this.location !== undefined) await this.closeDescriptor();
  }

  private async closeDescriptor(): Promise<void> {
    if (this.fd < 0) return;
    // A body that breaks off leaves its last write under way: closed under it, the number would be another file's.
    await this.pending?.catch(() => undefined);
    const fd = this.fd;
    this.fd = -1;
    await this.storage.calls.close(fd);
  }

  private async closeTarget(): Promise<void> {
    const target = this.target;
    this.target = undefined;
    if (target) await this.storage.handles.give(target.parent, target.folder);
  }
}
