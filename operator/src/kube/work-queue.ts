import { backoffDelay, type BackoffLimits } from './backoff.js';
import { type Clock, SYSTEM_CLOCK } from './clock.js';

/** What a reconcile may ask for. */
export interface ReconcileResult {
  /** Come back after this time even if nothing changes. */
  readonly requeueAfterMs: number;
}

/** Told of what happens in a queue. No method may throw. */
export interface WorkQueueMetrics {
  /** A key was added (not merged into one that waits already). */
  added?(): void;
  /** A key begins to be processed after waiting so long. */
  started?(waitedSeconds: number): void;
  /** A key was processed. */
  finished?(seconds: number, result: 'success' | 'requeue' | 'error'): void;
  /** How many keys wait, whenever that changes. */
  depth?(depth: number): void;
}

/** What a queue is made of. */
export interface WorkQueueOptions<K extends string> {
  /** Brings one key to its desired state. A throw is retried with growing delays. */
  readonly reconcile: (key: K) => Promise<void | ReconcileResult>;
  /** How many keys are processed at once. */
  readonly concurrency: number;
  readonly clock?: Clock;
  /** 5 ms to 5 min without. */
  readonly backoff?: BackoffLimits;
  readonly metrics?: WorkQueueMetrics;
  /**
   * The longest delay after this error, where it is not that of `backoff`, in milliseconds. However often it comes, it
   * makes no delay after another error longer than that.
   */
  readonly longestAfter?: (error: unknown) => number | undefined;
  /** Told of what `reconcile` threw, and after which time the key comes again. */
  readonly onError?: (key: K, error: unknown, retryAfterMs: number) => void;
}

interface Delayed {
  readonly due: number;
  readonly cancel: () => void;
}

const BACKOFF: BackoffLimits = { firstMs: 5, longestMs: 300_000 };

/**
 * Keys to process, as client-go's work queue does it: a key that waits is there once however often it is added; one
 * that is being processed is never processed twice at once, but again afterwards if it was added meanwhile.
 */
export class WorkQueue<K extends string> {
  private readonly clock: Clock;
  private readonly backoff: BackoffLimits;
  /** Keys that wait, in their order, with the time they came. */
  private readonly waiting = new Map<K, number>();
  private readonly inProgress = new Set<K>();
  /** Keys that were added while they were processed. */
  private readonly again = new Set<K>();
  private readonly delayed = new Map<K, Delayed>();
  private readonly failures = new Map<K, number>();
  private running = false;
  private idle: (() => void)[] = [];

  constructor(private readonly options: WorkQueueOptions<K>) {
    this.clock = options.clock ?? SYSTEM_CLOCK;
    this.backoff = options.backoff ?? BACKOFF;
  }

  /** How many keys wait to be processed now. Those with a delay do not count. */
  get depth(): number {
    return this.waiting.size;
  }

  /** How many keys are being processed. */
  get processing(): number {
    return this.inProgress.size;
  }

  /** Processes `key` as soon as possible. */
  add(key: K): void {
    if (this.inProgress.has(key)) {
      this.again.add(key);
      return;
    }
    if (this.waiting.has(key)) return;
    this.waiting.set(key, this.clock.now());
    this.options.metrics?.added?.();
    this.tellDepth();
    this.pump();
  }

  /** Adds `key` after a time. Of several such adds, the earliest holds. */
  addAfter(key: K, milliseconds: number): void {
    if (milliseconds <= 0) {
      this.add(key);
      return;
    }
    const due = this.clock.now() + milliseconds;
    const earlier = this.delayed.get(key);
    if (earlier && earlier.due <= due) return;
    earlier?.cancel();
    const cancel = this.clock.setTimeout(() => {
      this.delayed.delete(key);
      this.add(key);
    }, milliseconds);
    this.delayed.set(key, { due, cancel });
  }

  /** Begins to process. Keys may be added before. */
  start(): void {
    this.running = true;
    this.pump();
  }

  /** Begins no key any more, forgets delayed ones, and resolves when what runs has ended. What waits, stays. */
  async stop(): Promise<void> {
    this.running = false;
    for (const { cancel } of this.delayed.values()) cancel();
    this.delayed.clear();
    if (this.inProgress.size > 0) await new Promise<void>((resolve) => void this.idle.push(resolve));
  }

  private pump(): void {
    for (const [key, since] of this.waiting) {
      if (!this.running || this.inProgress.size >= this.options.concurrency) return;
      this.waiting.delete(key);
      this.inProgress.add(key);
      this.tellDepth();
      this.options.metrics?.started?.((this.clock.now() - since) / 1000);
      void this.process(key);
    }
  }

  private async process(key: K): Promise<void> {
    const started = this.clock.now();
    let result: 'success' | 'requeue' | 'error' = 'success';
    try {
      const wish = await this.options.reconcile(key);
      this.failures.delete(key);
      if (wish) {
        result = 'requeue';
        if (this.running) this.addAfter(key, wish.requeueAfterMs);
      }
    } catch (error) {
      result = 'error';
      this.retry(key, error);
    }
    this.options.metrics?.finished?.((this.clock.now() - started) / 1000, result);
    // Ten thousand keys that need no call at all must not keep timers and sockets from their turn.
    setImmediate(() => this.done(key));
  }

  private retry(key: K, error: unknown): void {
    const before = this.failures.get(key) ?? 0;
    const longest = this.options.longestAfter?.(error) ?? Infinity;
    const delay = Math.min(longest, backoffDelay(this.backoff, before + 1));
    if (delay < longest) this.failures.set(key, before + 1);
    if (this.running) this.addAfter(key, delay);
    try {
      this.options.onError?.(key, error, delay);
    } catch {
      // Whoever reports must not end the worker.
    }
  }

  private done(key: K): void {
    this.inProgress.delete(key);
    if (this.again.delete(key)) this.add(key);
    if (this.inProgress.size === 0 && !this.running) {
      for (const resolve of this.idle.splice(0)) resolve();
    }
    this.pump();
  }

  private tellDepth(): void {
    this.options.metrics?.depth?.(this.waiting.size);
  }
}
