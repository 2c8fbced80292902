import { RequestSlots } from './request-slots.js';

/** A read under way that can be ended, and gone on with by another request. */
export interface ResumableRead {
  /** Since when nobody has waited for its bytes, by performance.now(); undefined while somebody does. */
  readonly idleSince: number | undefined;
  /** Ends it; its slot is free then. */
  yield(): void;
}

/** A client that takes nothing for so long lets others read, in milliseconds. */
const PATIENCE_MS = 5_000;
const LOOK_EVERY_MS = 1_000;

/**
 * Slots of reads whose bytes go to clients, at their pace. A client that is slow must not keep others from reading: while somebody waits
 * for a slot, the read that has been idle for longest is ended, and waits in line when its client wants more.
 */
export class ReadSlots {
  private readonly slots: RequestSlots;
  private readonly reads = new Set<ResumableRead>();

  /**
   * @param count reads at once
   * @param patienceMs longest wait in line
   */
  constructor(count: number, patienceMs: number) {
    this.slots = new RequestSlots(count, patienceMs);
  }

  /** Resolves with what gives the slot back. @throws StorageError `too-many-open` after the longest wait */
  async acquire(): Promise<() => void> {
    if (!this.slots.isFull) return this.slots.acquire();
    this.endOne();
    const timer = setInterval(() => this.endOne(), LOOK_EVERY_MS);
    try {
      return await this.slots.acquire();
    } finally {
      clearInterval(timer);
    }
  }

  /** Makes a read known that has a slot. @returns what is to be called when it has ended */
  watch(read: ResumableRead): () => void {
    this.reads.add(read);
    return () => void this.reads.delete(read);
  }

  private endOne(): void {
    let longest: ResumableRead | undefined;
    let since = performance.now() - PATIENCE_MS;
    for (const read of this.reads) {
      if (read.idleSince === undefined || read.idleSince > since) continue;
      longest = read;
      since = read.idleSince;
    }
    longest?.yield();
  }
}
