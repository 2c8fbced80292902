import type { Clock } from '../kube/clock.js';

/** When removals are too many to be meant. */
export interface RemovalLimits {
  /** Milliseconds that they are held; 0 never holds. */
  readonly holdMs: number;
  /** More than so many … */
  readonly minimumBuckets: number;
  /** … and more than this share of all are held. */
  readonly percent: number;
}

/** Removals that are held. */
export interface RemovalHold {
  /** Buckets that went a short while ago, and the one that is the first to be held. */
  readonly count: number;
  /** Buckets that there were. */
  readonly total: number;
  readonly holdMs: number;
}

/**
 * Holds removals of buckets once too many of them come within `holdMs`, so that a bad prune can be undone. A prune comes
 * as single removals one after another: all of the last while count together.
 */
export class RemovalGuard {
  private readonly held = new Set<string>();
  /** Of those that are held: whoever removes them asks again. */
  private readonly asking = new Set<string>();
  /** May go, and are not gone yet. */
  private readonly let = new Set<string>();
  private recent: number[] = [];
  /** Removals go ahead until then: a hold is over and what follows it belongs to it. */
  private openUntil = -Infinity;
  private heldUntil = 0;
  private cancel: (() => void) | undefined;

  /** @param onRelease gets the buckets whose removal goes ahead */
  constructor(
    private readonly limits: RemovalLimits,
    private readonly clock: Clock,
    private readonly onRelease: (buckets: readonly string[]) => void,
    private readonly onHold: (hold: RemovalHold) => void,
  ) {}

  /** How many removals are held. */
  get size(): number {
    return this.held.size;
  }

  holds(bucket: string): boolean {
    return this.held.has(bucket);
  }

  /**
   * Milliseconds for which the removal of a bucket is held; 0 where it may go ahead. What was let go once stays so until
   * {@link forget}.
   *
   * @param total buckets that there are now
   */
  judge(bucket: string, total: number): number {
    if (this.let.has(bucket)) return 0;
    const holdMs = this.holdOf(bucket, total);
    if (holdMs === 0) this.let.add(bucket);
    return holdMs;
  }

  /** As {@link judge}, and after the hold it is not released: whoever asks does something else first, and asks again. */
  ask(bucket: string, total: number): number {
    const holdMs = this.judge(bucket, total);
    if (holdMs > 0) this.asking.add(bucket);
    return holdMs;
  }

  /** Somebody says that this one is meant to go. */
  allow(bucket: string): void {
    this.forget(bucket);
    this.let.add(bucket);
  }

  private holdOf(bucket: string, total: number): number {
    const now = this.clock.now();
    const { holdMs } = this.limits;
    if (this.held.size > 0) {
      this.held.add(bucket);
      return Math.max(1, this.heldUntil - now);
    }
    if (holdMs === 0) return 0;
    if (now < this.openUntil) {
      this.openUntil = now + holdMs;
      return 0;
    }
    this.recent = this.recent.filter((time) => now - time < holdMs);
    const count = this.recent.length + 1;
    const before = total + this.recent.length;
    if (count <= this.limits.minimumBuckets || count * 100 <= this.limits.percent * before) {
      this.recent.push(now);
      return 0;
    }
    this.held.add(bucket);
    this.heldUntil = now + holdMs;
    this.cancel = this.clock.setTimeout(() => this.release(), holdMs);
    this.onHold({ count, total: before, holdMs });
    return holdMs;
  }

  /** The bucket is wanted again, or gone. */
  forget(bucket: string): void {
    this.let.delete(bucket);
    this.asking.delete(bucket);
    if (this.held.delete(bucket) && this.held.size === 0) this.stop();
  }

  /** Ends the hold: what is held, and what comes in the next while, goes ahead. */
  release(): void {
    this.stop();
    this.recent = [];
    this.openUntil = this.clock.now() + this.limits.holdMs;
    const buckets = [...this.held].filter((bucket) => !this.asking.has(bucket));
    for (const bucket of this.asking) this.let.add(bucket);
    this.held.clear();
    this.asking.clear();
    if (buckets.length > 0) this.onRelease(buckets);
  }

  stop(): void {
    this.cancel?.();
    this.cancel = undefined;
  }
}
