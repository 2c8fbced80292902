import type { MaybePromise } from '../maybe-promise.js';
import type {
  CommitMode,
  DriverCapabilities,
  FileDriver,
  FileFacts,
  FileStat,
  FolderNames,
  OpenFile,
  TemporaryFile,
  WritableFile,
} from './file-driver.js';
import type { StoragePath } from './storage-path.js';
import type { WatchedCalls } from './watched-calls.js';

/** A driver whose calls are watched and timed. Bytes are not timed: how long they take is up to the client as well. */
export class ObservedDriver implements FileDriver {
  readonly readSmall?: (path: StoragePath) => MaybePromise<Buffer | undefined>;

  constructor(
    private readonly driver: FileDriver,
    private readonly calls: WatchedCalls,
  ) {
    const { readSmall } = driver;
    if (readSmall) this.readSmall = (path) => calls.timed('readSmall', () => readSmall.call(driver, path));
  }

  get areUnchanged(): FileDriver['areUnchanged'] {
    const { areUnchanged } = this.driver;
    return (
      areUnchanged &&
      ((folder, names, stats) =>
        this.calls.timed('areUnchanged', () => areUnchanged.call(this.driver, folder, names, stats)))
    );
  }

  get capabilities(): DriverCapabilities {
    return this.driver.capabilities;
  }

  scope(folder: StoragePath, mustExist?: boolean): FileDriver {
    return new ObservedDriver(this.driver.scope(folder, mustExist), this.calls);
  }

  open(path: StoragePath): MaybePromise<OpenFile> {
    const file = this.calls.timed('open', () => this.driver.open(path));
    // What this machine has open does not go away while it is read.
    return file instanceof Promise && this.calls.remote ? file.then((opened) => this.observedReads(opened)) : file;
  }

  facts(path: StoragePath): MaybePromise<FileFacts | undefined> {
    return this.calls.timed('facts', () => this.driver.facts(path));
  }

  // Looks at names are too cheap to be worth the clock.
  identify(path: StoragePath): MaybePromise<FileStat | undefined> {
    return this.calls.watched('identify', () => this.driver.identify(path));
  }

  stat(path: StoragePath): MaybePromise<FileStat | undefined> {
    return this.calls.watched('stat', () => this.driver.stat(path));
  }

  factsOf(folder: StoragePath, names: readonly string[]): MaybePromise<readonly (FileFacts | undefined)[]> {
    return this.calls.timed('factsOf', () => this.driver.factsOf(folder, names));
  }

  list(folder: StoragePath): MaybePromise<FolderNames> {
    return this.calls.timed('list', () => this.driver.list(folder));
  }

  async createTemporary(length?: number): Promise<TemporaryFile> {
    return this.observed(await this.calls.timed('createTemporary', () => this.driver.createTemporary(length)));
  }

  async adopt(reservedPath: StoragePath): Promise<TemporaryFile> {
    return this.observed(await this.calls.timed('adopt', () => this.driver.adopt(reservedPath)));
  }

  openForWriting(path: StoragePath): MaybePromise<WritableFile> {
    return this.calls.timed('openForWriting', () => this.driver.openForWriting(path));
  }

  claim(path: StoragePath): MaybePromise<boolean> {
    return this.calls.timed('claim', () => this.driver.claim(path));
  }

  removeFile(path: StoragePath): MaybePromise<boolean> {
    return this.calls.timed('removeFile', () => this.driver.removeFile(path));
  }

  makeFolder(path: StoragePath): MaybePromise<void> {
    return this.calls.timed('makeFolder', () => this.driver.makeFolder(path));
  }

  removeFolder(path: StoragePath): MaybePromise<boolean> {
    return this.calls.timed('removeFolder', () => this.driver.removeFolder(path));
  }

  setRecord(path: StoragePath, record: Buffer): MaybePromise<void> {
    return this.calls.timed('setRecord', () => this.driver.setRecord(path, record));
  }

  lock<T>(path: StoragePath, action: () => MaybePromise<T>): MaybePromise<T> {
    return this.driver.lock(path, action);
  }

  private observedReads(file: OpenFile): OpenFile {
    const { prepare, send } = file;
    return {
      // What it does not do is no answer: the read that follows is told of.
      ...(send && { send: (connection, position, length) => send.call(file, connection, position, length) }),
      ...(prepare && { prepare: (start, end) => this.calls.watched('read', () => prepare.call(file, start, end)) }),
      stat: file.stat,
      record: file.record,
      read: (buffer, position) => this.calls.watched('read', () => file.read(buffer, position)),
      close: () => file.close(),
    };
  }

  private observed(file: TemporaryFile): TemporaryFile {
    const { renew } = file;
    return {
      ...(renew && { renew: () => this.calls.timed('renew', () => renew.call(file)) }),
      write: (piece) => this.calls.watched('write', () => file.write(piece)),
      finish: (target) => this.calls.timed('finish', () => file.finish(target)),
      setRecord: (record) => file.setRecord(record),
      commit: (mode: CommitMode) => this.calls.timed('commit', () => file.commit(mode)),
      discard: () => file.discard(),
    };
  }
}
