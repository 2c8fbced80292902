import type { MaybePromise } from '../maybe-promise.js';
import type { StorageObserver } from '../observability/storage-observer.js';
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

/** A driver whose calls are timed. Bytes are not: how long they take is up to the client as well. */
export class ObservedDriver implements FileDriver {
  constructor(
    private readonly driver: FileDriver,
    private readonly kind: string,
    private readonly observer: StorageObserver,
  ) {}

  get capabilities(): DriverCapabilities {
    return this.driver.capabilities;
  }

  scope(folder: StoragePath): FileDriver {
    return new ObservedDriver(this.driver.scope(folder), this.kind, this.observer);
  }

  open(path: StoragePath): MaybePromise<OpenFile> {
    return this.timed('open', () => this.driver.open(path));
  }

  facts(path: StoragePath): MaybePromise<FileFacts | undefined> {
    return this.timed('facts', () => this.driver.facts(path));
  }

  // Looks at names are too cheap to be worth the clock.
  identify(path: StoragePath): MaybePromise<FileStat | undefined> {
    return this.driver.identify(path);
  }

  stat(path: StoragePath): MaybePromise<FileStat | undefined> {
    return this.driver.stat(path);
  }

  factsOf(folder: StoragePath, names: readonly string[]): MaybePromise<readonly (FileFacts | undefined)[]> {
    return this.timed('factsOf', () => this.driver.factsOf(folder, names));
  }

  list(folder: StoragePath): MaybePromise<FolderNames> {
    return this.timed('list', () => this.driver.list(folder));
  }

  async createTemporary(): Promise<TemporaryFile> {
    return this.observed(await this.timed('createTemporary', () => this.driver.createTemporary()));
  }

  async adopt(reservedPath: StoragePath): Promise<TemporaryFile> {
    return this.observed(await this.timed('adopt', () => this.driver.adopt(reservedPath)));
  }

  openForWriting(path: StoragePath): MaybePromise<WritableFile> {
    return this.timed('openForWriting', () => this.driver.openForWriting(path));
  }

  claim(path: StoragePath): MaybePromise<boolean> {
    return this.timed('claim', () => this.driver.claim(path));
  }

  removeFile(path: StoragePath): MaybePromise<boolean> {
    return this.timed('removeFile', () => this.driver.removeFile(path));
  }

  makeFolder(path: StoragePath): MaybePromise<void> {
    return this.timed('makeFolder', () => this.driver.makeFolder(path));
  }

  removeFolder(path: StoragePath): MaybePromise<boolean> {
    return this.timed('removeFolder', () => this.driver.removeFolder(path));
  }

  setRecord(path: StoragePath, record: Buffer): MaybePromise<void> {
    return this.timed('setRecord', () => this.driver.setRecord(path, record));
  }

  lock<T>(path: StoragePath, action: () => MaybePromise<T>): MaybePromise<T> {
    return this.driver.lock(path, action);
  }

  private observed(file: TemporaryFile): TemporaryFile {
    return {
      write: (piece) => file.write(piece),
      finish: (target) => this.timed('finish', () => file.finish(target)),
      setRecord: (record) => file.setRecord(record),
      commit: (mode: CommitMode) => this.timed('commit', () => file.commit(mode)),
      discard: () => file.discard(),
    };
  }

  private timed<T>(call: string, action: () => MaybePromise<T>): MaybePromise<T> {
    const started = performance.now();
    const result = action();
    if (!(result instanceof Promise)) {
      this.ended(call, started);
      return result;
    }
    return result.finally(() => this.ended(call, started));
  }

  private ended(call: string, started: number): void {
    this.observer.called(this.kind, call, (performance.now() - started) / 1000);
  }
}
