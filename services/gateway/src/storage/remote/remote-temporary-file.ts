import { setTimeout as delay } from 'node:timers/promises';
import type { CommitMode, FileStat, TemporaryFile } from '../file-driver.js';
import { StorageError } from '../storage-error.js';
import { parentOf, type StoragePath } from '../storage-path.js';
import { copyRemoteFile } from './copy-remote-file.js';
import type { RemoteEntry } from './remote-entry.js';
import type { RemoteWriter } from './remote-files.js';
import type { RemoteStorage } from './remote-storage.js';
import { toFileStat } from './to-file-stat.js';

const MAX_ATTEMPTS = 20;
const ATTEMPT_PAUSE_MS = 50;
/** Servers tell times in whole seconds. */
const TICK_MS = 1_000;
/** Copies made one after the other to get another time. Of a server that tells it in steps of two seconds (FAT) the second has one. */
const MAX_RENEWALS = 4;
/** A name that begins with a dot, in a bucket or above it. */
const DOT_NAME = /(?:^|\/)\./;

/** A file in the storage's own folder on the server, which becomes an object by one MOVE. */
export class RemoteTemporaryFile implements TemporaryFile {
  private path: StoragePath | undefined;
  private writer: RemoteWriter | undefined;
  private written = 0;
  private sent = false;
  private entry: RemoteEntry | undefined;
  private target: StoragePath | undefined;
  /** What it was to replace may be gone: then these are the only bytes of either, and nobody may discard them. */
  private onlyCopy = false;

  /**
   * @param inStorage a path of the driver's scope as one of the storage
   * @param length bytes that will come, where that is known
   * @param adopted the file that this is, and stays when it is discarded
   */
  constructor(
    private readonly storage: RemoteStorage,
    private readonly inStorage: (path: StoragePath) => StoragePath,
    private readonly length: number | undefined,
    private readonly adopted?: StoragePath,
  ) {
    this.path = adopted;
  }

  async write(piece: Buffer): Promise<void> {
    if (this.written === 0 && piece.length === this.length) {
      await this.putWhole(piece);
      this.written = piece.length;
      return;
    }
    this.written += piece.length;
    this.writer ??= await this.begin(this.length);
    await this.writer.write(piece);
  }

  async finish(target: StoragePath): Promise<FileStat> {
    if (DOT_NAME.test(target) && !(await this.storage.listsDotNames())) {
      throw new StorageError(
        'unsupported-name',
        'The server behind this storage does not list names that begin with a dot.',
      );
    }
    const path = this.inStorage(target);
    await this.end();
    await this.storage.makeFolder(parentOf(path));
    this.target = path;
    return toFileStat(await this.look());
  }

  async renew(): Promise<FileStat> {
    const { entry: before, path: from } = this;
    if (before === undefined || from === undefined) throw new Error('renew before finish');
    // Where no times are told, no copy would have another one.
    const attempts = before.mtimeMs === 0 ? 0 : MAX_RENEWALS;
    for (let attempt = 1; attempt <= attempts; attempt++) {
      await delay(TICK_MS - (Date.now() % TICK_MS) + ATTEMPT_PAUSE_MS);
      const after = await this.copy(from, before);
      if (after === undefined) continue;
      if (from !== this.adopted) await this.storage.files.removeFile(from);
      return toFileStat(after);
    }
    throw new StorageError(
      'unavailable',
      'The server tells no times, or always the same, so that a file cannot be told from the one it is to replace.',
    );
  }

  setRecord(): never {
    throw new Error('This driver keeps no records.');
  }

  async commit(mode: CommitMode): Promise<FileStat | undefined> {
    const { target } = this;
    if (target === undefined) throw new Error('commit before finish');
    for (let attempt = 1; ; attempt++) {
      try {
        const changed = await this.storage.changing(target, () => this.place(target, mode));
        return changed && !this.isSame(changed) ? toFileStat(changed) : undefined;
      } catch (error) {
        if (attempt === MAX_ATTEMPTS || !(await this.mayTryAgain(error, target, mode))) throw error;
      }
      await delay(ATTEMPT_PAUSE_MS * Math.random());
    }
  }

  async discard(): Promise<void> {
    try {
      this.writer?.abort();
      this.writer = undefined;
      if (this.path !== undefined && this.path !== this.adopted && !this.onlyCopy)
        await this.storage.files.removeFile(this.path);
    } catch {
      // Whoever discards has an error to report that says more; what is left is swept some day.
    }
  }

  /** Makes a copy of this file the file itself, where it has another time; else nothing is left of it. */
  private async copy(from: StoragePath, before: RemoteEntry): Promise<RemoteEntry | undefined> {
    const { files } = this.storage;
    const to = await this.storage.newTemporaryPath();
    let kept = false;
    try {
      await copyRemoteFile(files, from, before, to);
      this.path = to;
      this.written = before.size;
      const after = await this.look();
      kept = after.mtimeMs !== before.mtimeMs;
      return kept ? after : undefined;
    } finally {
      if (!kept) {
        this.path = from;
        this.entry = before;
        // What cannot be removed now is swept some day.
        await files.removeFile(to).catch(() => false);
      }
    }
  }

  private async begin(length: number | undefined): Promise<RemoteWriter> {
    const path = (this.path = await this.storage.newTemporaryPath());
    return this.storage.files.put(path, length);
  }

  /** A body of one piece can be sent again, where the folder for it has vanished. */
  private async putWhole(piece: Buffer): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        const writer = await this.begin(piece.length);
        if (piece.length > 0) await writer.write(piece);
        await writer.end();
        this.sent = true;
        return;
      } catch (error) {
        const failure = this.folderLost(error);
        if (failure === error || attempt === 2) throw failure;
      }
    }
  }

  private async end(): Promise<void> {
    if (this.adopted !== undefined || this.sent) return;
    const { writer } = this;
    this.writer = undefined;
    if (writer === undefined) return this.putWhole(Buffer.alloc(0));
    try {
      await writer.end();
      this.sent = true;
    } catch (error) {
      throw this.folderLost(error);
    }
  }

  /** Without the folder of temporary files nothing is wrong with the target: the client tries again, and the folder is made anew. */
  private folderLost(error: unknown): unknown {
    if (!(error instanceof StorageError) || error.code !== 'not-found') return error;
    this.storage.forgetFolders();
    return new StorageError('unavailable', error.message, { cause: error });
  }

  /** What the server has. Its word that it has all of it is not enough: some keep what came before the connection broke. */
  private async look(): Promise<RemoteEntry> {
    const { path } = this;
    const entry = path === undefined ? undefined : await this.storage.files.stat(path);
    if (entry?.kind !== 'file') throw new StorageError('unavailable', 'The server does not have what was uploaded.');
    if (this.adopted === undefined && entry.size !== this.written) {
      throw new StorageError(
        'unavailable',
        `The server has ${entry.size} of ${this.written} bytes that were uploaded.`,
      );
    }
    return (this.entry = entry);
  }

  private async place(target: StoragePath, mode: CommitMode): Promise<RemoteEntry | undefined> {
    const { files, stranded } = this.storage;
    let there = await files.stat(target);
    if (there === undefined && (await stranded.restore(target))) there = await files.stat(target);
    if (there?.kind === 'folder') throw new StorageError('is-folder', 'The name is a folder.');
    if (!(await this.storage.isNamedSo(there === undefined ? parentOf(target) : target))) {
      throw new StorageError(
        'unsupported-name',
        'The server behind this storage takes this name for another one, which differs in case or normalization.',
      );
    }
    if (there !== undefined && mode === 'create') throw new StorageError('exists', 'The name is taken.');
    if (there !== undefined) this.onlyCopy = false;
    try {
      // Onto a free name always as a creation: should a folder come there meanwhile, the server must refuse.
      const from = this.path as StoragePath;
      if (there === undefined) return await files.move(from, target, 'create');
      return await this.storage.steady(parentOf(target), () => files.move(from, target, 'replace'));
    } catch (error) {
      if (there !== undefined) this.onlyCopy = true;
      const moved = await this.movedInSpiteOf(error, target);
      if (moved) return moved;
      if (there === undefined) throw error;
      return this.replaceLost(target, error);
    }
  }

  /**
   * Apache and rclone remove what is to be replaced before they rename, so that a MOVE that fails may have left nothing: this file is
   * given the free name then, or kept for it.
   *
   * @param failure of the MOVE, which is thrown where that fails too, or nothing was lost
   */
  private async replaceLost(target: StoragePath, failure: unknown): Promise<RemoteEntry | undefined> {
    const { files } = this.storage;
    const lost = await files.stat(target).then(
      (there) => there === undefined,
      // Unknown. The server refuses a creation where something is there.
      () => true,
    );
    if (lost) {
      try {
        return await files.move(this.path as StoragePath, target, 'create');
      } catch (error) {
        const moved = await this.movedInSpiteOf(error, target).catch(() => undefined);
        if (moved) return moved;
        if (!isOneOf(error, ['exists', 'is-folder'])) {
          await this.storage.stranded.keep(this.path as StoragePath, target);
          throw failure;
        }
      }
    }
    this.onlyCopy = false;
    throw failure;
  }

  /** A connection that breaks leaves open whether the server has done it. */
  private async movedInSpiteOf(error: unknown, target: StoragePath): Promise<RemoteEntry | undefined> {
    return isOneOf(error, ['unavailable', 'not-found']) ? this.findMoved(target) : undefined;
  }

  private isSame({ size, mtimeMs, identity }: RemoteEntry): boolean {
    const { entry } = this;
    return entry?.size === size && entry.mtimeMs === mtimeMs && entry.identity === identity;
  }

  /** The target, where it is this file and the temporary name is gone. */
  private async findMoved(target: StoragePath): Promise<RemoteEntry | undefined> {
    const { files } = this.storage;
    if ((await files.stat(this.path as StoragePath)) !== undefined) return undefined;
    const there = await files.stat(target);
    const same = there?.kind === 'file' && there.size === this.entry?.size && there.mtimeMs >= this.entry.mtimeMs;
    return same ? there : undefined;
  }

  private async mayTryAgain(error: unknown, target: StoragePath, mode: CommitMode): Promise<boolean> {
    if (isOneOf(error, ['busy'])) return true;
    if (isOneOf(error, ['exists'])) return mode === 'replace';
    if (!isOneOf(error, ['not-found'])) return false;
    // The target's folder has been removed since it was made, or this file has.
    await this.look();
    this.storage.forgetFolders();
    await this.storage.makeFolder(parentOf(target));
    return true;
  }
}

function isOneOf(error: unknown, codes: readonly StorageError['code'][]): boolean {
  return error instanceof StorageError && codes.includes(error.code);
}
