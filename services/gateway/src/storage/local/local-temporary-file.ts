import fs from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import type { MaybePromise } from '../../objects/object-store.js';
import type { CommitMode, FileStat, TemporaryFile } from '../file-driver.js';
import { StorageError } from '../storage-error.js';
import { RESERVED_PREFIX, type StoragePath } from '../storage-path.js';
import { errnoOf, toStorageError, translate } from './errno.js';
import { writeAt } from './file-calls.js';
import { toFileStat } from './file-facts.js';
import { openOrMakeFolder, type FolderHandle } from './folder-handle.js';
import type { LocalStorage } from './local-storage.js';
import { writeRecord } from './record-attribute.js';

/** A DELETE that prunes empty folders may take the parent away between its making and the rename, again and again. */
const MAX_ATTEMPTS = 100;

interface Target {
  /** Absolute path of the parent folder, and the name in it. */
  readonly parent: string;
  readonly name: string;
  folder: FolderHandle;
}

/** A file in the storage's own area that becomes an object by one rename or link. */
export class LocalTemporaryFile implements TemporaryFile {
  private written = 0;
  private target: Target | undefined;

  /**
   * @param base absolute path of the scope that targets are named in
   * @param path absolute path of the file
   * @param fd its descriptor, open for writing
   * @param adopted the file was there before, and stays when this is discarded
   */
  constructor(
    private readonly storage: LocalStorage,
    private readonly base: string,
    private path: string,
    private fd: number,
    private readonly adopted = false,
  ) {}

  write(piece: Buffer): MaybePromise<void> {
    const position = this.written;
    this.written += piece.length;
    return translate(() => writeAt(this.storage.calls, this.fd, piece, position));
  }

  async finish(target: StoragePath): Promise<FileStat> {
    const { calls } = this.storage;
    try {
      const path = `${this.base}/${target}`;
      const slash = path.lastIndexOf('/');
      const parent = path.slice(0, slash);
      const folder = await openOrMakeFolder(calls, this.base, parent);
      this.target = { parent, name: path.slice(slash + 1), folder };
      let stat = await calls.fstat(this.fd);
      if (stat.dev !== (await folder.device())) {
        await this.moveTo(parent);
        stat = await calls.fstat(this.fd);
      }
      if (this.adopted) {
        // It was written in parts, perhaps days ago; it becomes an object now.
        await calls.futimes(this.fd, new Date());
        stat = await calls.fstat(this.fd);
      }
      if (this.storage.durability !== 'none') await calls.fsync(this.fd);
      await this.closeDescriptor();
      return toFileStat(stat);
    } catch (error) {
      throw toStorageError(error);
    }
  }

  setRecord(record: Buffer): MaybePromise<void> {
    return writeRecord(this.storage.calls, this.path, record);
  }

  async commit(mode: CommitMode): Promise<void> {
    const target = this.target;
    if (target === undefined) throw new Error('commit before finish');
    try {
      for (let attempt = 1; ; attempt++) {
        try {
          await this.place(`${target.folder.path}/${target.name}`, mode);
          break;
        } catch (error) {
          if (errnoOf(error) !== 'ENOENT' || attempt === MAX_ATTEMPTS) throw error;
        }
        await target.folder.close();
        target.folder = await openOrMakeFolder(this.storage.calls, this.base, target.parent);
      }
      if (this.storage.durability === 'directory') await target.folder.sync();
      await this.closeTarget();
    } catch (error) {
      throw toStorageError(error);
    }
  }

  async discard(): Promise<void> {
    try {
      await this.closeDescriptor();
      await this.closeTarget();
      if (!this.adopted) await this.storage.calls.unlink(this.path);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw toStorageError(error);
    }
  }

  private async place(target: string, mode: CommitMode): Promise<void> {
    const { calls, hardLinks } = this.storage;
    if (mode === 'replace') await calls.rename(this.path, target);
    else if (hardLinks) {
      // Unlike a look and a rename, link(2) refuses a name that anybody, also another program, has taken meanwhile.
      await calls.link(this.path, target);
      await calls.unlink(this.path);
    } else if (await calls.lstat(target)) throw new StorageError('exists', 'The name is taken.');
    else await calls.rename(this.path, target);
  }

  /** Another filesystem is mounted below the root, and no rename leads there: goes on from a hidden file in the target's own folder. */
  private async moveTo(folder: string): Promise<void> {
    const there = `${folder}/${RESERVED_PREFIX}-${randomUUID()}`;
    await fs.copyFile(this.path, there);
    await this.closeDescriptor();
    await fs.unlink(this.path);
    this.path = there;
    this.fd = await this.storage.calls.open(there, fs.constants.O_RDWR);
  }

  private async closeDescriptor(): Promise<void> {
    if (this.fd < 0) return;
    const fd = this.fd;
    this.fd = -1;
    await this.storage.calls.close(fd);
  }

  private async closeTarget(): Promise<void> {
    const target = this.target;
    this.target = undefined;
    await target?.folder.close();
  }
}
