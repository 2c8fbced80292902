import fs from 'node:fs';
import { randomUUID } from 'node:crypto';
import { findLibc, type Libc } from '../../native/libc.js';
import { systemError } from '../../native/system-error.js';
import { RESERVED_PREFIX } from '../storage-path.js';
import { errnoOf } from './errno.js';
import { readStatusInFolder } from './file-status.js';
import type { FolderHandle } from './folder-handle.js';
import { writeOpenRecord } from './record-attribute.js';

/** O_TMPFILE, which Node does not name. */
const O_TMPFILE = 0o20000000 | fs.constants.O_DIRECTORY;
const FILE_MODE = 0o666;
const TAKEN = -17; // EEXIST
const IS_FOLDER = -21; // EISDIR
/** Folders that the note names at most: it is written anew for each one that is not among them. */
const MAX_NOTED = 64;

/**
 * Temporary files that have no name until they are whole. Making one changes no folder and the name comes with one call, where a
 * named one takes three changes of two folders, and processes that rename from folder to folder wait for each other, whichever
 * folders these are. What is left of a process that dies is nothing.
 */
export class UnnamedFiles {
  /** Of a file that is about to replace another: in the target's folder, for the moment between two calls. */
  private readonly passingName: string;
  private readonly noted = new Set<string>();

  private constructor(
    private readonly libc: Libc,
    /** This process's own, for temporary files. */
    private readonly folder: string,
    /** Says where that name may stand, for the sweep, should this process be killed in that moment. */
    private readonly note: string,
    ownerId: string,
  ) {
    this.passingName = `${RESERVED_PREFIX}-${ownerId}`;
  }

  /**
   * @param folder this process's own, for temporary files
   * @param note a file of this process's own, made when it is needed
   * @returns undefined where machine or filesystem cannot
   * @throws what keeps files from being made at all
   */
  static in(folder: string, note: string, ownerId: string): UnnamedFiles | undefined {
    const libc = findLibc();
    if (libc === undefined) return undefined;
    const name = `probe-${randomUUID()}`;
    const handle = fs.openSync(folder, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
    try {
      const fd = fs.openSync(folder, fs.constants.O_RDWR | O_TMPFILE, FILE_MODE);
      try {
        if (libc.linkOpenFile(fd, handle, name) !== 0) return undefined;
      } finally {
        fs.closeSync(fd);
      }
      return new UnnamedFiles(libc, folder, note, ownerId);
    } catch (error) {
      if (errnoOf(error) === 'ENOSPC' || errnoOf(error) === 'EDQUOT') throw error;
      return undefined;
    } finally {
      fs.closeSync(handle);
      fs.rmSync(`${folder}/${name}`, { force: true });
    }
  }

  /** @returns the descriptor of a new one; closing it is the end of it */
  create(): number {
    return fs.openSync(this.folder, fs.constants.O_RDWR | O_TMPFILE, FILE_MODE);
  }

  /** @throws StorageError `record-too-large` where the filesystem cannot hold it */
  setRecord(fd: number, record: Buffer): void {
    writeOpenRecord(this.libc, fd, record);
  }

  /** Gives a file its name. @returns false where anybody has taken it: too usual to be an error, which costs what the call does */
  place(fd: number, folder: FolderHandle, name: string): boolean {
    return this.link(fd, folder.fd, name);
  }

  /** The same by an absolute path. */
  placeAt(fd: number, path: string): boolean {
    return this.link(fd, -1, path);
  }

  /**
   * Gives a file a name that another one has: at every moment one of the two stands under it.
   *
   * @throws EISDIR where a folder has it
   */
  replace(fd: number, folder: FolderHandle, name: string): void {
    // A file that had a name, if for a moment only, and has lost it can get no other.
    if (readStatusInFolder({ folder: folder.location, fd: folder.fd, name })?.isDirectory())
      throw systemError('rename', IS_FOLDER);
    this.pass(fd, folder);
    const passing = `${folder.path}/${this.passingName}`;
    try {
      fs.renameSync(passing, `${folder.path}/${name}`);
    } catch (error) {
      fs.rmSync(passing, { force: true });
      throw error;
    }
  }

  close(): void {
    // Whoever replaces a file after this takes the note again.
    this.noted.clear();
    fs.rmSync(this.note, { force: true });
  }

  private link(fd: number, folder: number, name: string): boolean {
    const result = this.libc.linkOpenFile(fd, folder, name);
    if (result === TAKEN) return false;
    if (result !== 0) throw systemError('linkat', result);
    return true;
  }

  private pass(fd: number, folder: FolderHandle): void {
    if (!this.noted.has(folder.location)) this.takeNote(folder.location);
    if (this.place(fd, folder, this.passingName)) return;
    // Of a replacement before, which could neither be ended nor taken back.
    fs.rmSync(`${folder.path}/${this.passingName}`);
    if (!this.place(fd, folder, this.passingName)) throw systemError('linkat', TAKEN);
  }

  private takeNote(location: string): void {
    const folders = this.noted.size < MAX_NOTED ? [...this.noted, location] : [location];
    const paths = folders.map((folder) => `${folder}/${this.passingName}`);
    fs.writeFileSync(this.note, paths.join('\0'), { mode: 0o600 });
    if (folders.length === 1) this.noted.clear();
    this.noted.add(location);
  }
}
