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
