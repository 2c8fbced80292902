import type { MaybePromise } from '../maybe-promise.js';
import type { StoragePath } from './storage-path.js';

/** What a driver can do, declared as data. What it cannot do, the object layer works around or refuses with a clear error. */
export interface DriverCapabilities {
  /** {@link TemporaryFile.commit} with `create` is atomic: of many at once exactly one wins, whoever they are. */
  readonly atomicCreate: boolean;
  /** {@link TemporaryFile.commit} with `replace` is atomic: a reader sees the old or the new file, never neither. */
  readonly atomicReplace: boolean;
  /** Files can be written at any offset ({@link FileDriver.openForWriting}). */
  readonly randomWrites: boolean;
  /** Records are kept on the file itself and move with it; else the object layer keeps sidecar files. */
  readonly records: boolean;
  /** {@link FileDriver.lock} holds against every gateway on this storage, not only those of this machine. */
  readonly sharedLocks: boolean;
  /** An {@link OpenFile} goes on being its version once the name is given to another; else reading it fails with `changed` then. */
  readonly pinnedReads: boolean;
  /** Any two versions of a file differ in {@link FileStat.mtimeMs}; else only {@link FileStat.identity} may tell them apart, or nothing. */
  readonly exactTimes: boolean;
  /** Names that begin with a dot are listed. Else paths with one are refused, and no folder is taken for empty. */
  readonly dotNames: boolean;
  /** Names are kept to the letter; where this is false, a name that another one is taken for is refused. Not said: they are. */
  readonly exactNames?: boolean;
}

/** Facts of a file or folder. */
export interface FileStat {
  readonly kind: 'file' | 'folder';
  /** Bytes; 0 for a folder. */
  readonly size: number;
  /** Milliseconds since the epoch, with whatever fraction the storage has. */
  readonly mtimeMs: number;
  /** Tells a replaced file from the same one (an inode number, an entity tag). No spaces; empty where the storage has neither. */
  readonly identity: string;
  /**
   * When anything of the file last changed, its record included, in milliseconds since the epoch; only where the storage
   * tells so reliably that nothing can have changed while this has not.
   */
  readonly changeMs?: number;
}

/** A file and its record, without its bytes. */
export interface FileFacts {
  readonly stat: FileStat;
  /** The record kept on the file, where the driver keeps records and there is one. */
  readonly record: Buffer | undefined;
}

/** A connection to which the kernel can be told to send. */
export interface RawConnection {
  /** A descriptor of it. */
  readonly fd: number;
}

/** An open file: its bytes stay those of one version, whatever happens to the name. */
export interface OpenFile extends FileFacts {
  /** Reads into the buffer's start at an offset of the file; resolves with the number of bytes, 0 at the end. */
  read(buffer: Buffer, position: number): MaybePromise<number>;
  /**
   * Says which bytes will be read, in order, where each request costs.
   *
   * @throws StorageError `changed` where it is not that version any more
   */
  readonly prepare?: (start: number, end: number) => MaybePromise<void>;
  /**
   * Hands bytes from an offset on to a connection, without bringing them into the process. Resolves with how many the connection
   * took; 0 where it takes none now or none are there, and where something is wrong, which {@link read} says then; undefined where it
   * need not be tried again.
   *
   * @param length bytes at most
   */
  readonly send?: (connection: RawConnection, position: number, length: number) => MaybePromise<number | undefined>;
  close(): MaybePromise<void>;
}

/** What {@link TemporaryFile.commit} does where the name is taken. */
export type CommitMode = 'replace' | 'create';

/** A file that nobody sees until it is committed. Exactly one of `commit` and `discard` ends it. */
export interface TemporaryFile {
  /** Appends. The piece may be reused once the promise resolves. */
  write(piece: Buffer): MaybePromise<void>;
  /**
   * Ends writing (durably, as configured), makes the target's parent folders, and tells the facts under which the file will
   * be committed there.
   *
   * @throws StorageError `not-folder` (a parent is a file), `name-too-long`, …
   */
  finish(target: StoragePath): MaybePromise<FileStat>;
  /**
   * Gives a finished file facts that differ from those it has, and from those of every file before: for one that could not be told
   * from what it is to replace. Only where times are not exact; takes until the storage's clock has moved on.
   */
  readonly renew?: () => MaybePromise<FileStat>;
  /** Sets the record that will become visible together with the file; only where the driver keeps records, after `finish`. @throws StorageError `record-too-large` */
  setRecord(record: Buffer): MaybePromise<void>;
  /**
   * Gives the file its target name. On failure the file is still there to be discarded. Gives the facts that it has there, where they
   * may be others than before.
   *
   * @throws StorageError `exists` (mode `create`), `is-folder`, …
   */
  commit(mode: CommitMode): MaybePromise<FileStat | void>;
  discard(): MaybePromise<void>;
}

/** A file of the gateway's own that several writers fill at their own offsets. */
export interface WritableFile {
  /** The piece may be reused once the promise resolves. */
  writeAt(piece: Buffer, position: number): MaybePromise<void>;
  truncate(size: number): MaybePromise<void>;
  /** Makes what was written durable, as configured. */
  sync(): MaybePromise<void>;
  close(): MaybePromise<void>;
}

/**
 * The names in a folder as byte strings (one char a byte, latin1), so that plain comparison is UTF-8 byte order: sorted,
 * folders with a trailing `/`. Files and folders only, names that are UTF-8 only. A symbolic link counts as a file, wherever it leads.
 */
export interface FolderNames extends Iterable<string> {
  readonly length: number;
  at(index: number): string | undefined;
}

/**
 * A storage of files and folders, or a folder of one ({@link FileDriver.scope}). Paths are relative to it and cannot leave
 * it: a symbolic link to a file inside is followed, every other link is treated as absent.
 * All failures are {@link StorageError}s.
 */
export interface FileDriver {
  readonly capabilities: DriverCapabilities;
  /**
   * The same storage, confined to a folder of it.
   *
   * @param mustExist the folder is not made with the first file in it: writes fail with `not-found` once it is gone. For folders that are
   * buckets by being there; a storage that cannot promise it makes the folder all the same.
   */
  scope(folder: StoragePath, mustExist?: boolean): FileDriver;
  /** Opens a regular file. @throws StorageError `not-found`, `is-folder` */
  open(path: StoragePath): MaybePromise<OpenFile>;
  /** Facts and record of a file or folder, or undefined where there is none. */
  facts(path: StoragePath): MaybePromise<FileFacts | undefined>;
  /**
   * What a name leads to now, for comparing with facts that were taken before. Cheaper than all others, and no proof that
   * the path lies in the scope.
   */
  identify(path: StoragePath): MaybePromise<FileStat | undefined>;
  /** Facts alone, for names whose record does not matter. Cheaper than {@link facts}. */
  stat(path: StoragePath): MaybePromise<FileStat | undefined>;
  /**
   * Facts and records of files of one folder; undefined for those that are gone. For listings: of a long record, the first 59 bytes
   * may be all that is given.
   */
  factsOf(folder: StoragePath, names: readonly string[]): MaybePromise<readonly (FileFacts | undefined)[]>;
  /**
   * Whether names of a folder still lead to the files that {@link factsOf} found, unchanged. Only for facts that have
   * {@link FileStat.changeMs}, and only where that is cheaper than to find them again.
   */
  readonly areUnchanged?:
    ((folder: StoragePath, names: readonly string[], stats: readonly FileStat[]) => MaybePromise<boolean>) | undefined;
  /** @throws StorageError `not-found`, `not-folder` */
  list(folder: StoragePath): MaybePromise<FolderNames>;
  /** @param length bytes that will be written, where that is known */
  createTemporary(length?: number): MaybePromise<TemporaryFile>;
  /** Takes a finished file of the storage's reserved folder (path relative to that) as a temporary file of this scope. */
  adopt(reservedPath: StoragePath): MaybePromise<TemporaryFile>;
  /** The whole content of a small file of the gateway's own, or undefined where there is none: where that is less than to open and read it. */
  readonly readSmall?: (path: StoragePath) => MaybePromise<Buffer | undefined>;
  /** Opens (makes, if absent) a file for writing at offsets; only with `randomWrites`. */
  openForWriting(path: StoragePath): MaybePromise<WritableFile>;
  /** Makes an empty file. False where the name is taken: of many at once exactly one gets true. */
  claim(path: StoragePath): MaybePromise<boolean>;
  /** Removes a file. False where there was none. @throws StorageError `is-folder` */
  removeFile(path: StoragePath): MaybePromise<boolean>;
  /** Makes a folder and its parents; no error where it exists. @throws StorageError `not-folder` */
  makeFolder(path: StoragePath): MaybePromise<void>;
  /** Removes an empty folder. False where it was not empty or not there. */
  removeFolder(path: StoragePath): MaybePromise<boolean>;
  /** Sets the record of an existing file; only where the driver keeps records. @throws StorageError `record-too-large` */
  setRecord(path: StoragePath, record: Buffer): MaybePromise<void>;
  /** Runs an action while no other writer of this path runs one. @throws StorageError `busy` after a bounded wait */
  lock<T>(path: StoragePath, action: () => MaybePromise<T>): MaybePromise<T>;
}
