import { StorageError } from '../storage-error.js';

interface Waiter {
  readonly admit: () => void;
  readonly timer: NodeJS.Timeout;
}

/** Lets a bounded number of requests run at once; the others wait in line, and not for ever. */
export class RequestSlots {
  private free: number;
  private readonly line = new Set<Waiter>();

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
   * @throws StorageError `too-many-open` after the longest wait
   */
  async acquire(): Promise<() => void> {
    if (this.free > 0) this.free -= 1;
    else await this.wait();
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.release();
    };
  }

  private wait(): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        admit: resolve,
        timer: setTimeout(() => {
          this.line.delete(waiter);
          reject(new StorageError('too-many-open', 'Too many requests to the storage are under way.'));
        }, this.patienceMs),
      };
      this.line.add(waiter);
    });
  }

  private release(): void {
    const [next] = this.line;
    if (next === undefined) {
      this.free += 1;
      return;
    }
    this.line.delete(next);
    clearTimeout(next.timer);
    next.admit();
  }
}
