/** Time, so that tests decide when it passes. */
export interface Clock {
  /** Milliseconds of a clock that never jumps and never goes back; its zero means nothing. */
  now(): number;
  /** The date and time, for what other programs and people read. Never for measuring. */
  wallTime(): Date;
  /** Calls `callback` once after `milliseconds`, whatever their number. Returns what cancels it. */
  setTimeout(callback: () => void, milliseconds: number): () => void;
}

// Node fires a timer that is set further ahead than 2^31 - 1 ms at once.
const FURTHEST_TIMER_MS = 2 ** 31 - 1;

class SystemClock implements Clock {
  now(): number {
    return performance.now();
  }

  wallTime(): Date {
    return new Date();
  }

  setTimeout(callback: () => void, milliseconds: number): () => void {
    let timer: NodeJS.Timeout;
    const arm = (left: number): void => {
      timer =
        left > FURTHEST_TIMER_MS
          ? setTimeout(() => arm(left - FURTHEST_TIMER_MS), FURTHEST_TIMER_MS)
          : setTimeout(callback, Math.max(0, left));
    };
    arm(milliseconds);
    return () => clearTimeout(timer);
  }
}

/** The machine's own time. */
export const SYSTEM_CLOCK: Clock = new SystemClock();

interface ManualTimer {
  readonly due: number;
  readonly callback: () => void;
}

/** Time that passes when a test says so. */
export class ManualClock implements Clock {
  #now = 0;
  readonly #start: number;
  readonly #timers = new Set<ManualTimer>();

  /** @param start The wall time at which the clock reads 0. */
  constructor(start = new Date('2026-01-01T00:00:00Z')) {
    this.#start = start.getTime();
  }

  now(): number {
    return this.#now;
  }

  wallTime(): Date {
    return new Date(this.#start + this.#now);
  }

  setTimeout(callback: () => void, milliseconds: number): () => void {
    const timer = { due: this.#now + Math.max(0, milliseconds), callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** How many timers are set. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Milliseconds until the next timer; undefined without one. */
  get nextDelay(): number | undefined {
    const next = this.#next();
    return next && next.due - this.#now;
  }

  /**
   * Lets `milliseconds` pass: timers fire in their order, each at its own time, and what they resolve runs before the
   * next one does.
   */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    await settle();
    for (let next = this.#next(); next && next.due <= end; next = this.#next()) {
      this.#now = Math.max(this.#now, next.due);
      this.#timers.delete(next);
      next.callback();
      await settle();
    }
    this.#now = end;
  }

  /** Lets time pass without any timer noticing, like a process that was stopped. */
  jump(milliseconds: number): void {
    this.#now += milliseconds;
  }

  #next(): ManualTimer | undefined {
    let next: ManualTimer | undefined;
    for (const timer of this.#timers) if (!next || timer.due < next.due) next = timer;
    return next;
  }
}

/** Lets promises and immediates that are ready run. */
async function settle(): Promise<void> {
  for (let round = 0; round < 3; round++) await new Promise<void>((resolve) => void setImmediate(resolve));
}
