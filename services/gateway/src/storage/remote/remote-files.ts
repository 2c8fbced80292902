import type { RawConnection } from '../file-driver.js';
import type { StoragePath } from '../storage-path.js';
import type { EntryList } from './entry-list.js';
import type { RemoteEntry } from './remote-entry.js';

/** What differs from server to server, as data. */
export interface RemoteFilesTraits {
  /** {@link RemoteFiles.move} over a file never leaves the name without one. */
  readonly atomicReplace: boolean;
  /** {@link RemoteFiles.move} in mode `create`: of many at once exactly one wins, whoever they are. */
  readonly atomicCreate: boolean;
  /** Listings have names that begin with a dot (nginx leaves them out). Found out where it is not said. */
  readonly dotNames?: boolean;
}

/** The bytes of a file, from an offset on. Ends early only by throwing. */
export interface RemoteReader {
  /** Fills the buffer from its start; resolves with the number of bytes, 0 at the end. @throws StorageError `unavailable` */
  read(buffer: Buffer): Promise<number>;
  /** Hands the next bytes to a connection: see `OpenFile.send`. */
  send?(connection: RawConnection, length: number): number | undefined;
  /** Gives the connection back, or ends it where bytes are left. */
  close(): void;
}

/** A file on its way to the server. Exactly one of `end` and `abort` ends it. */
export interface RemoteWriter {
  /** The piece may be reused once the promise resolves. */
  write(piece: Buffer): Promise<void>;
  /** Resolves once the server has said that it has the file. Whether it has all of it, the caller checks by its size. */
  end(): Promise<void>;
  /** Cuts the request. What the server keeps of it is for the caller to remove. */
  abort(): void;
}

/**
 * A server of files over HTTP, reduced to what `RemoteDriver` builds a `FileDriver` on: a few calls, each one request or
 * a few, none of them cached, none of them retried by the caller. Paths are relative to the configured folder of the
 * server. All failures are `StorageError`s; a server that does not answer, or answers nonsense, is `unavailable`.
 */
export interface RemoteFiles {
  readonly traits: RemoteFilesTraits;
  /** Undefined where there is nothing. */
  stat(path: StoragePath): Promise<RemoteEntry | undefined>;
  /**
   * Resolves where what was not found is absent: where all of the storage may be, without an answer that says so.
   *
   * @throws StorageError `unavailable`
   */
  confirmAbsence?(): Promise<void>;
  /** The entries of a folder in any order. @throws StorageError `not-found`, `not-folder` */
  list(folder: StoragePath): Promise<EntryList>;
  /**
   * The bytes of a file from `start` up to, not including, `end`. Fails with `not-found` where the file is gone, and with
   * `changed` where the answer shows that it is not the version of `entry` any more.
   */
  read(path: StoragePath, entry: RemoteEntry, start: number, end: number): Promise<RemoteReader>;
  /**
   * The whole content of a file of up to `limit` bytes, where that takes one request; undefined where there is none.
   *
   * @throws StorageError `unavailable` where it is longer
   */
  get?(path: StoragePath, limit: number): Promise<Buffer | undefined>;
  /** Begins to write a file, making no folders. The length is known to the byte, or undefined. */
  put(path: StoragePath, length: number | undefined): Promise<RemoteWriter>;
  /**
   * Gives a file another name. Never called where the target is known to be a folder: some servers delete it.
   *
   * @returns its facts under the new name, where the move has changed more than the name
   * @throws StorageError `not-found` (the source), `exists` (mode `create`), `is-folder`
   */
  move(from: StoragePath, to: StoragePath, mode: 'replace' | 'create'): Promise<RemoteEntry | undefined>;
  /**
   * Brings back a file that had to make room for another in {@link move} which never came. Not while the name is changed.
   *
   * @param locked runs what changes the name
   * @returns whether it is back
   */
  restore?(path: StoragePath, locked: (give: () => Promise<boolean>) => Promise<boolean>): Promise<boolean>;
  /** False where there was none. Never called for what is known to be a folder. */
  removeFile(path: StoragePath): Promise<boolean>;
  /** Makes one folder; its parent is there. True where this call made it, false where it was there. @throws StorageError `not-folder` */
  makeFolder(path: StoragePath): Promise<boolean>;
  /** Removes a folder that was found empty just before. */
  removeFolder(path: StoragePath): Promise<void>;
  /** One cheap request that shows whether the server answers and takes the credentials. @throws StorageError with a message that says what to change */
  ping(): Promise<void>;
  close(): void;
}
