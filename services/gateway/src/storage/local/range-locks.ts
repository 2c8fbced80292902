import { constants, closeSync, fstatSync, openSync } from 'node:fs';
import { hash } from 'node:crypto';
import type { MaybePromise } from '../../maybe-promise.js';
import { findLibc, type Libc } from '../../native/libc.js';
import { systemError } from '../../native/system-error.js';
import { toStorageError, translate } from './errno.js';
import { LockPatience } from './lock-patience.js';
import type { PathLocks } from './path-locks.js';

const OPEN = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
/** Milliseconds after which an idle file is closed: an open one keeps its volume from being unmounted. */
const IDLE_MS = 2_000;
const BUSY = new Set([-11, -13]); // EAGAIN, EACCES
const UNKNOWN = new Set([-22, -38, -95]); // EINVAL, ENOSYS, EOPNOTSUPP

// struct flock (fcntl.h) of a 64-bit machine: type and whence, then where the range begins and how long it is.
const F_WRLCK = 1;
const F_UNLCK = 2;
const START = 8;
const LENGTH = 16;
const FLOCK_BYTES = 32;

/**
 * Locks within one machine: a byte of one file stands for a path, and the kernel lends it to one open file at a time (fcntl(2), "Open
 * file description locks"). Two calls that change nothing on the disk; whatever a process holds is free when it ends.
 */
export class RangeLocks implements PathLocks {
  /** What this process holds: to the kernel it is one holder, whichever of its requests asks. */
  private readonly held = new Set<string>();
  private readonly request = Buffer.alloc(FLOCK_BYTES);
  private fd = -1;
  private usedLately = false;
  private timer: NodeJS.Timeout | undefined;

  private constructor(
    private readonly libc: Libc,
    private readonly file: string,
  ) {
    this.request.writeBigInt64LE(1n, LENGTH);
  }

  /**
   * Locks by the bytes of a file, which is made if need be; undefined where this machine cannot.
   *
   * @throws what keeps the file from being made
   */
  static of(file: string): RangeLocks | undefined {
    const libc = findLibc();
    if (libc === undefined) return undefined;
    const locks = new RangeLocks(libc, file);
    const range = rangeOf('');
    // Busy: it works, and another process is trying it too.
    const result = locks.set(F_WRLCK, range);
    if (result === 0) locks.set(F_UNLCK, range);
    locks.close();
    if (result === 0 || BUSY.has(result)) return locks;
    // Another kind of locks is for those who all have it: what only fails now must not decide.
    if (UNKNOWN.has(result)) return undefined;
    throw systemError('fcntl', result);
  }

  run<T>(path: string, action: () => MaybePromise<T>): MaybePromise<T> {
    const range = rangeOf(path);
    return this.take(range) ? this.runHolding(range, action) : this.runLater(range, action);
  }

  sweep(): void {}

  /** Ends the use of the file, with the last release of what is held: closing it would give all of that back. */
  close(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    if (this.held.size === 0) this.closeFile();
  }

  private closeFile(): void {
    if (this.fd >= 0) closeSync(this.fd);
    this.fd = -1;
  }

  private async runLater<T>(range: string, action: () => MaybePromise<T>): Promise<T> {
    const patience = new LockPatience();
    do await patience.wait();
    while (!this.take(range));
    return this.runHolding(range, action);
  }

  private runHolding<T>(range: string, action: () => MaybePromise<T>): MaybePromise<T> {
    let result: MaybePromise<T>;
    try {
      result = action();
    } catch (error) {
      this.release(range);
      throw error;
    }
    if (result instanceof Promise) return result.finally(() => this.release(range));
    this.release(range);
    return result;
  }

  /** @throws StorageError where the file cannot be opened or locked */
  private take(range: string): boolean {
    if (this.held.has(range)) return false;
    const result = translate(() => this.set(F_WRLCK, range)) as number;
    if (result === 0) this.held.add(range);
    else if (!BUSY.has(result)) throw toStorageError(systemError('fcntl', result));
    return result === 0;
  }

  private release(range: string): void {
    this.held.delete(range);
    this.set(F_UNLCK, range);
    if (this.timer === undefined && this.held.size === 0) this.closeFile();
  }

  private set(type: number, range: string): number {
    this.usedLately = true;
    if (this.fd < 0) this.fd = openSync(this.file, OPEN, 0o600);
    if (type === F_WRLCK) this.timer ??= setInterval(() => this.closeIdle(), IDLE_MS).unref();
    this.request.writeInt16LE(type, 0);
    this.request.writeUInt32LE(Number.parseInt(range.slice(7), 16), START);
    this.request.writeUInt32LE(Number.parseInt(range.slice(0, 7), 16), START + 4);
    return this.libc.lockRange(this.fd, this.request);
  }

  private closeIdle(): void {
    if (this.held.size === 0 && (!this.usedLately || this.isRemoved())) this.close();
    this.usedLately = false;
  }

  /** A file that somebody has removed is not the one that others lock by. */
  private isRemoved(): boolean {
    try {
      return fstatSync(this.fd).nlink === 0;
    } catch {
      return true;
    }
  }
}

/** The byte that stands for a path, in hex: 60 bits, of the 63 that an offset has. */
function rangeOf(path: string): string {
  return hash('sha1', path).slice(0, 15);
}
