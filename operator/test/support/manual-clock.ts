import type { Clock } from '../../src/kube/clock.js';

interface ManualTimer {
  readonly due: number;
  readonly callback: () => void;
}

/** Time that passes when a test says so. */
export class ManualClock implements Clock {
  private elapsed = 0;
  private readonly start: number;
  private readonly timers = new Set<ManualTimer>();

  /** @param start The wall time at which the clock reads 0. */
  constructor(start = new Date('2026-01-01T00:00:00Z')) {
    this.start = start.getTime();
  }

  now(): number {
    return this.elapsed;
  }

  wallTime(): Date {
    return new Date(this.start + this.elapsed);
  }

  setTimeout(callback: () => void, milliseconds: number): () => void {
    const timer = { due: this.elapsed + Math.max(0, milliseconds), callback };
    this.timers.add(timer);
    return () => void this.timers.delete(timer);
  }

  /** How many timers are set. */
  get pending(): number {
    return this.timers.size;
  }

  /** Milliseconds until the next timer; undefined without one. */
  get nextDelay(): number | undefined {
    const next = this.next();
    return next && next.due - this.elapsed;
  }

  /**
   * Lets `milliseconds` pass: timers fire in their order, each at its own time, and what they resolve runs before the
   * next one does.
   */
  async advance(milliseconds: number): Promise<void> {
    const end = this.elapsed + milliseconds;
    await settle();
    for (let next = this.next(); next && next.due <= end; next = this.next()) {
      this.elapsed = Math.max(this.elapsed, next.due);
      this.timers.delete(next);
      next.callback();
      await settle();
    }
    this.elapsed = end;
  }

  /** Lets time pass without any timer noticing, like a process that was stopped. */
  jump(milliseconds: number): void {
    this.elapsed += milliseconds;
  }

  private next(): ManualTimer | undefined {
    let next: ManualTimer | undefined;
    for (const timer of this.timers) if (!next || timer.due < next.due) next = timer;
    return next;
  }
}

/** Lets promises and immediates that are ready run. */
async function settle(): Promise<void> {
  for (let round = 0; round < 3; round++) await new Promise<void>((resolve) => void setImmediate(resolve));
}
