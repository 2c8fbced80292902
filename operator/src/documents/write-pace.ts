import type { Clock } from '../kube/clock.js';

/** How often an object may be written that is written whole for each change. */
export interface PaceLimits {
  /** Writes at once after a rest, whatever their size. */
  readonly burst: number;
  /** From then on: this many a second, */
  readonly perSecond: number;
  /** and no more than these bytes a second. */
  readonly bytesPerSecond: number;
}

/**
 * Spreads the writes of one object. A change now and then is stored at once; while changes go on and on they gather, for
 * the longer the larger the object is, so that ten thousand changes cost what the object's size allows and not ten
 * thousand times its size.
 */
export class WritePace {
  private credit: number;
  private countedAt: number;

  constructor(
    private readonly limits: PaceLimits,
    private readonly clock: Clock,
  ) {
    this.credit = limits.burst;
    this.countedAt = clock.now();
  }

  /**
   * Takes a write of an object of this size.
   *
   * @returns 0 where it may be written now; otherwise milliseconds after which to ask again
   */
  take(bytes: number): number {
    const { burst, perSecond, bytesPerSecond } = this.limits;
    const rate = Math.min(perSecond, bytesPerSecond / Math.max(1, bytes));
    const now = this.clock.now();
    this.credit = Math.min(burst, this.credit + ((now - this.countedAt) / 1000) * rate);
    this.countedAt = now;
    // A timer may fire a hair early.
    if (this.credit < 1 - 1e-6) return ((1 - this.credit) / rate) * 1000;
    this.credit = Math.max(0, this.credit - 1);
    return 0;
  }
}
