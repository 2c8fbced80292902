import { StorageError } from '../storage-error.js';

/** How long requests to a server wait for one of its connections, in milliseconds. */
export const SLOT_PATIENCE_MS = 30_000;

/** Lets a bounded number of requests run at once; the others wait in line, and not for ever. */
export class RequestSlots {
  private free: number;
  /** Each is called when it has a slot. */
  private readonly line = new Set<() => void>();

  /**
   * @param count requests at once
   * @param patienceMs longest wait in line; it also ends the wait of requests that wait for each other
   */
  constructor(
    count: number,
    private readonly patienceMs: number,
  ) {
    this.free = count;
  }

  get isFull(): boolean {
    return this.free === 0;
  }

  /**
   * Resolves with what gives the slot back; calling that again does nothing.
   *
   * @param signal ends the wait, with its reason: nobody wants the request any more
   * @throws StorageError `too-many-open` after the longest wait
   */
  async acquire(signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.free > 0) this.free -= 1;
    else await this.wait(signal);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.release();
    };
  }

  private wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.line.delete(waiter);
        clearTimeout(timer);
        signal?.removeEventListener('abort', giveUp);
      };
      const giveUp = (): void => {
        leave();
        reject(signal?.reason as Error);
      };
      const timer = setTimeout(() => {
        leave();
        reject(new StorageError('too-many-open', 'Too many requests to the storage are under way.'));
      }, this.patienceMs);
      const waiter = (): void => {
        leave();
        resolve();
      };
      this.line.add(waiter);
      signal?.addEventListener('abort', giveUp);
    });
  }

  private release(): void {
    const [next] = this.line;
    if (next === undefined) this.free += 1;
    else next();
  }
}
