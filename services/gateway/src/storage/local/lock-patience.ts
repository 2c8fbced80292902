import { setTimeout as delay } from 'node:timers/promises';
import { StorageError } from '../storage-error.js';

/** Longest wait for a lock, in milliseconds. The work under one takes well under one on a local filesystem. */
const PATIENCE_MS = 10_000;
const FIRST_WAIT_MS = 1;
const LONGEST_WAIT_MS = 50;

/** The waits of one who wants a lock that another has. */
export class LockPatience {
  private readonly deadline = performance.now() + PATIENCE_MS;
  private next = FIRST_WAIT_MS;

  /** Resolves when it is time for another attempt. @throws StorageError `busy` where there were enough of them */
  async wait(): Promise<void> {
    if (performance.now() > this.deadline) throw new StorageError('busy', 'Another writer holds this key.');
    // With jitter, or all waiters would come back in step.
    await delay(this.next * (0.5 + Math.random()));
    this.next = Math.min(this.next * 2, LONGEST_WAIT_MS);
  }
}
