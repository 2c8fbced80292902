import { constants, existsSync } from 'node:fs';
import { hash } from 'node:crypto';
import type { MaybePromise } from '../../maybe-promise.js';
import { errnoOf } from './errno.js';
import type { FileCalls } from './file-calls.js';
import type { LockOwner } from './lock-owner.js';
import { LockPatience } from './lock-patience.js';
import type { PathLocks } from './path-locks.js';

/** Ends the name of the lock on breaking a lock. */
const BREAKING = '.breaking';
const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
/** Looking whether the holder is dead costs two reads, so not at every turn. */
const TURNS_BEFORE_INQUEST = 8;

/** Locks that are hard links to the owner's file, which exactly one of many can make, on every filesystem that has links, network ones included. */
export class LinkLocks implements PathLocks {
  constructor(
    private readonly calls: FileCalls,
    private readonly folder: string,
    private readonly owner: LockOwner,
    /** Without them a lock is a file of its own, and stale when nobody has released it for as long as an owner may be silent. */
    private readonly hardLinks: boolean,
  ) {}

  async run<T>(path: string, action: () => MaybePromise<T>): Promise<T> {
    const lock = `${this.folder}/${hash('sha1', path)}`;
    await this.acquire(lock);
    try {
      return await action();
    } finally {
      await this.release(lock);
    }
  }

  /** Nothing is kept: every lock is a file of its own. */
  close(): void {}

  private async acquire(lock: string): Promise<void> {
    const patience = new LockPatience();
    for (let turn = 1; ; turn++) {
      try {
        await this.make(lock);
        return;
      } catch (error) {
        if (errnoOf(error) !== 'EEXIST' && !this.isPassing(error)) throw error;
      }
      if (turn % TURNS_BEFORE_INQUEST === 0 && this.owner.isDead(lock)) {
        await this.breakLock(lock);
        continue;
      }
      await patience.wait();
    }
  }

  /** While other links of the owner's file come and go, ceph-fuse sometimes says that it is not there, which it is. */
  private isPassing(error: unknown): boolean {
    return this.hardLinks && errnoOf(error) === 'ENOENT' && existsSync(this.owner.path);
  }

  private async make(lock: string): Promise<void> {
    if (this.hardLinks) await this.calls.link(this.owner.path, lock);
    else await this.calls.close(await this.calls.open(lock, CREATE, 0o600));
  }

  private async release(lock: string): Promise<void> {
    try {
      await this.calls.unlink(lock);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
    }
  }

  async sweep(): Promise<void> {
    const names: string[] = [];
    await this.calls.readFolder(this.folder, ({ name }) => void names.push(name));
    for (const name of names) {
      const lock = `${this.folder}/${name}`;
      if (!this.owner.isDead(lock)) continue;
      if (name.endsWith(BREAKING)) await this.release(lock);
      else await this.breakLock(lock);
    }
  }

  /**
   * Takes a dead owner's lock away. Of several that want to, one at a time may, and looks again before it does: another may have
   * broken the lock since, and a third may hold it now.
   */
  private async breakLock(lock: string): Promise<void> {
    const breaking = `${lock}${BREAKING}`;
    try {
      await this.make(breaking);
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
      if (this.owner.isDead(breaking)) await this.release(breaking);
      return;
    }
    try {
      if (this.owner.isDead(lock)) await this.release(lock);
    } finally {
      await this.release(breaking);
    }
  }
}
