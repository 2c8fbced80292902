import fs from 'node:fs';
import { promisify } from 'node:util';
import type { MaybePromise } from '../../maybe-promise.js';
import {
  isUnchangedInFolder,
  readFileStatus,
  readOpenStatus,
  readStatusInFolder,
  type FileStatus,
  type NameInFolder,
} from './file-status.js';

/**
 * The file calls that drivers of mounted filesystems make, in two forms. On a local filesystem a call takes microseconds
 * and a trip through libuv's thread pool 25 more, so it is made at once; on a network filesystem it may take
 * as long as the network likes, and must not hold up the event loop.
 */
export interface FileCalls {
  open(path: string, flags: number, mode?: number): MaybePromise<number>;
  close(fd: number): MaybePromise<void>;
  fstat(fd: number): MaybePromise<FileStatus>;
  lstat(path: string): MaybePromise<FileStatus | undefined>;
  lstatIn(name: NameInFolder): MaybePromise<FileStatus | undefined>;
  /** Whether a name is still that of an unchanged file; only where that takes less than {@link lstatIn}. */
  readonly isUnchangedIn?: (name: NameInFolder, ino: number, ctimeMs: number) => boolean;
  readlink(path: string): MaybePromise<string>;
  realpath(path: string): MaybePromise<string>;
  rename(from: string, to: string): MaybePromise<void>;
  link(from: string, to: string): MaybePromise<void>;
  unlink(path: string): MaybePromise<void>;
  mkdir(path: string): MaybePromise<void>;
  rmdir(path: string): MaybePromise<void>;
  /** Visits the entries of a folder, names in latin1: see ByteString. */
  readFolder(path: string, visit: (entry: fs.Dirent) => void): MaybePromise<void>;
  fsync(fd: number): MaybePromise<void>;
  ftruncate(fd: number, size: number): MaybePromise<void>;
  /** Sets both times of a file. */
  futimes(fd: number, time: Date): MaybePromise<void>;
}

// In portions: the entries of a folder of a hundred thousand names, all at once, are a hundred megabytes.
const READ_FOLDER = { encoding: 'latin1', bufferSize: 1024 } as const;

/** Calls that return when they are done. */
export const DIRECT_CALLS: FileCalls = {
  open: (path, flags, mode) => fs.openSync(path, flags, mode),
  close: (fd) => fs.closeSync(fd),
  fstat: readOpenStatus,
  lstat: readFileStatus,
  lstatIn: readStatusInFolder,
  isUnchangedIn: isUnchangedInFolder,
  readlink: (path) => fs.readlinkSync(path),
  realpath: (path) => fs.realpathSync.native(path),
  rename: (from, to) => fs.renameSync(from, to),
  link: (from, to) => fs.linkSync(from, to),
  unlink: (path) => fs.unlinkSync(path),
  mkdir: (path) => fs.mkdirSync(path),
  rmdir: (path) => fs.rmdirSync(path),
  readFolder: (path, visit) => {
    const folder = fs.opendirSync(path, READ_FOLDER);
    try {
      for (let entry = folder.readSync(); entry !== null; entry = folder.readSync()) visit(entry);
    } finally {
      folder.closeSync();
    }
  },
  // A flush takes milliseconds on any filesystem.
  fsync: promisify(fs.fsync),
  ftruncate: (fd, size) => fs.ftruncateSync(fd, size),
  futimes: (fd, time) => fs.futimesSync(fd, time, time),
};

/** Calls that go through the thread pool. */
export const QUEUED_CALLS: FileCalls = {
  open: promisify(fs.open),
  close: promisify(fs.close),
  fstat: promisify<number, fs.Stats>(fs.fstat),
  lstat: lstatQueued,
  lstatIn: ({ folder, name }) => lstatQueued(`${folder}/${name}`),
  readlink: (path) => fs.promises.readlink(path),
  realpath: promisify<string, string>(fs.realpath.native),
  rename: (from, to) => fs.promises.rename(from, to),
  link: (from, to) => fs.promises.link(from, to),
  unlink: (path) => fs.promises.unlink(path),
  mkdir: (path) => fs.promises.mkdir(path).then(() => undefined),
  rmdir: (path) => fs.promises.rmdir(path),
  readFolder: async (path, visit) => {
    for await (const entry of await fs.promises.opendir(path, READ_FOLDER)) visit(entry);
  },
  fsync: promisify(fs.fsync),
  ftruncate: promisify(fs.ftruncate),
  futimes: (fd, time) => promisify(fs.futimes)(fd, time, time),
};

function lstatQueued(path: string): Promise<FileStatus | undefined> {
  return fs.promises.lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
}

const readQueued = promisify(fs.read);
const writeQueued = promisify(fs.write);

/** From here on the copying itself outweighs the trip through the thread pool. */
export const LARGE_TRANSFER = 128 * 1024;

/** Reads into the buffer's start; at once where that is quick. Resolves with the number of bytes. */
export function readAt(calls: FileCalls, fd: number, buffer: Buffer, position: number): MaybePromise<number> {
  if (calls === DIRECT_CALLS && buffer.length < LARGE_TRANSFER) {
    return fs.readSync(fd, buffer, 0, buffer.length, position);
  }
  return readQueued(fd, buffer, 0, buffer.length, position).then((done) => done.bytesRead);
}

/** Writes the whole piece. */
export function writeAt(calls: FileCalls, fd: number, piece: Buffer, position: number): MaybePromise<void> {
  if (calls === DIRECT_CALLS && piece.length < LARGE_TRANSFER) {
    let done = 0;
    while (done < piece.length) done += fs.writeSync(fd, piece, done, piece.length - done, position + done);
    return undefined;
  }
  return writeWhole(fd, piece, position);
}

async function writeWhole(fd: number, piece: Buffer, position: number): Promise<void> {
  let done = 0;
  while (done < piece.length) {
    done += (await writeQueued(fd, piece, done, piece.length - done, position + done)).bytesWritten;
  }
}
