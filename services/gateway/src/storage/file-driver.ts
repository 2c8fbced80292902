import type { MaybePromise } from '../objects/object-store.js';
import type { StoragePath } from './storage-path.js';

/** What a driver can do, declared as data. What it cannot do, the object layer works around or refuses with a clear error. */
export interface DriverCapabilities {
  /** {@link TemporaryFile.commit} with `create` is atomic: of many at once exactly one wins, whoever they are. */
  readonly atomicCreate: boolean;
  /** {@link TemporaryFile.commit} with `replace` is atomic: a reader sees the old or the new file, never neither. */
  readonly atomicReplace: boolean;
  /** A temporary file can be written at any offset ({@link TemporaryFile.writeAt}). */
  readonly randomWrites: boolean;
  /** Records are kept on the file itself and move with it; else the object layer keeps sidecar files. */
  readonly records: boolean;
  /** {@link FileDriver.lock} holds against every gateway on this storage, not only those of this machine. */
  readonly sharedLocks: boolean;
  /** {@link FileDriver.copy} does not move the bytes through the gateway. */
  readonly serverCopy: boolean;
}

/** Facts of a file or folder. */
export interface FileStat {
  readonly kind: 'file' | 'folder';
  /** Bytes; 0 for a folder. */
  readonly size: number;
  /** Milliseconds since the epoch, with whatever fraction the storage has. */
  readonly mtimeMs: number;
  /** Tells a replaced file from the same one: an inode number, or an entity tag; empty where the storage has neither. */
  readonly identity: string;
}

/** An open file. Facts, record and bytes are those of one version of it. */
export interface OpenFile {
  readonly stat: FileStat;
  /** The record kept on the file, where the driver keeps records. */
  readonly record: Buffer | undefined;
  /** Reads into the buffer's start at an offset of the file; resolves with the number of bytes, 0 at the end. */
  read(buffer: Buffer, position: number, length: number): MaybePromise<number>;
  close(): MaybePromise<void>;
}

/** A file and its record, without its bytes. */
export interface FileFacts {
  readonly stat: FileStat;
  readonly record: Buffer | undefined;
}

/** What {@link TemporaryFile.commit} does where the name is taken. */
export type CommitMode = 'replace' | 'create';

/** A file that nobody sees until it is committed. Exactly one of `commit` and `discard` ends it. */
export interface TemporaryFile {
  /** Appends. The piece may be reused once the promise resolves. */
  write(piece: Buffer): MaybePromise<void>;
  /** Ends writing (durably, as configured) and tells the facts under which it will be committed. */
  finish(): MaybePromise<FileStat>;
  /** Sets the record that will be visible together with the file; only where the driver keeps records, after `finish`. @throws StorageError `record-too-large` */
  setRecord(record: Buffer): MaybePromise<void>;
  /**
   * Gives the file its name, making parent folders.
   *
   * @throws StorageError `exists` (mode `create`), `is-folder`, `not-folder` (a parent is a file), `name-too-long`, …
   */
  commit(path: StoragePath, mode: CommitMode): MaybePromise<void>;
  discard(): MaybePromise<void>;
}

/** Names in a folder, sorted by UTF-8 bytes, folders with a trailing `/`. See {@link ByteString}. */
export interface FolderListing {
  /** Byte strings: one char a byte (latin1), so that plain comparison is UTF-8 byte order. Only files and folders; nothing reserved. */
  readonly names: readonly string[];
}

/**
 * A storage of files and folders. Paths are relative to the driver's root and cannot leave it; symbolic links that do are
 * treated as absent. All failures are {@link StorageError}s.
 */
export interface FileDriver {
  readonly capabilities: DriverCapabilities;
  /** Opens a regular file. @throws StorageError `not-found`, `is-folder` */
  open(path: StoragePath): MaybePromise<OpenFile>;
  /** Facts and record of a file or folder, or undefined where there is none. */
  facts(path: StoragePath): MaybePromise<FileFacts | undefined>;
  /** Facts and records of many names of one folder at once; undefined for those that are gone. For listings. */
  factsOf(folder: StoragePath, names: readonly string[]): MaybePromise<readonly (FileFacts | undefined)[]>;
  /** @throws StorageError `not-found`, `not-folder` */
  list(folder: StoragePath): MaybePromise<FolderListing>;
  createTemporary(): MaybePromise<TemporaryFile>;
  /** Copies a file into a new temporary file, by the storage's own means where it has some. */
  copy(from: StoragePath): MaybePromise<TemporaryFile>;
  /** Removes a file. False where there was none. @throws StorageError `is-folder` */
  removeFile(path: StoragePath): MaybePromise<boolean>;
  /** Makes a folder and its parents; no error where it exists. @throws StorageError `not-folder` */
  makeFolder(path: StoragePath): MaybePromise<void>;
  /** Removes an empty folder. False where it was not empty or not there. */
  removeFolder(path: StoragePath): MaybePromise<boolean>;
  /** Sets or (undefined) removes the record of an existing file or folder; only where the driver keeps records. */
  setRecord(path: StoragePath, record: Buffer | undefined): MaybePromise<void>;
  /** Runs an action while no other writer of this path runs one. @throws StorageError `busy` after a bounded wait */
  lock<T>(path: StoragePath, action: () => MaybePromise<T>): MaybePromise<T>;
}
