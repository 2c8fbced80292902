import type { Clock } from './clock.js';

/** How many calls a second may be made, and how many at once after a rest. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** Lets calls through at a limited rate, in the order they came. */
export class TokenBucket {
  private tokens: number;
  private countedAt: number;
  private readonly waiting: (() => void)[] = [];
  private cancelTimer: (() => void) | undefined;

  constructor(
    private readonly rate: Rate,
    private readonly clock: Clock,
  ) {
    this.tokens = rate.burst;
    this.countedAt = clock.now();
  }

  /** Takes a token if one is there now. */
  tryTake(): boolean {
    this.refill();
    if (this.waiting.length > 0 || this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }

  /**
   * Resolves when it is this caller's turn.
   *
   * @throws the reason of `signal` when that is aborted first; no token is used then.
   */
  async take(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.tryTake()) return;
    await new Promise<void>((resolve, reject) => {
      const proceed = (): void => {
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      const abort = (): void => {
        this.waiting.splice(this.waiting.indexOf(proceed), 1);
        reject(signal?.reason as Error);
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.waiting.push(proceed);
      this.arm();
    });
  }

  private refill(): void {
    const now = this.clock.now();
    this.tokens = Math.min(this.rate.burst, this.tokens + ((now - this.countedAt) / 1000) * this.rate.perSecond);
    this.countedAt = now;
  }

  private arm(): void {
    if (this.cancelTimer || this.waiting.length === 0) return;
    const wait = ((1 - this.tokens) / this.rate.perSecond) * 1000;
    this.cancelTimer = this.clock.setTimeout(() => {
      this.cancelTimer = undefined;
      this.refill();
      // A timer may fire a hair early: a token that lacks a billionth counts as whole.
      while (this.waiting.length > 0 && this.tokens >= 1 - 1e-9) {
        this.tokens -= 1;
        this.waiting.shift()?.();
      }
      this.arm();
    }, wait);
  }
}
