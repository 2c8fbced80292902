import type { StorageKind, StorageState } from '../storage-state.js';
import { KnownOutage } from './known-outage.js';
import { nextProbeDelay, PROBE_INTERVAL_MS } from './probe-schedule.js';

/** A look that takes longer has failed, in milliseconds. */
const PROBE_TIMEOUT_MS = 10_000;
/** Requests bring the next look forward, but not nearer to the last one than this, in milliseconds. */
const MIN_PROBE_GAP_MS = 1_000;

/** What is watched, and who hears of it. */
export interface StorageHealthOptions {
  readonly mount: string;
  readonly kind: StorageKind;
  /** One cheap look. Rejects with a message that says what to change and holds no secret. */
  readonly probe: () => Promise<void>;
  /**
   * Refuse requests at once while the storage is known to be down, where they would wait for a server. What fails at once by
   * itself needs none of this, and comes back in the moment in which it is there again.
   */
  readonly failFast: boolean;
  /** Told of each change. @param before undefined for the first state */
  readonly changed: (state: StorageState, before: StorageState) => void;
  /** Told of each request that was refused without asking the storage. */
  readonly refused: () => void;
}

/**
 * Keeps track of whether one storage can be used. It is looked at every 30 s while it is up, and from 1 s on with growing pauses
 * while it is down; requests that fail, or are refused, bring the next look forward.
 *
 * Requests are refused at once only when both a look and a request have failed since either succeeded last. One request in
 * 30 s goes through all the same: should looks fail where requests do not, its success ends the refusal.
 */
export class StorageHealth {
  private current: StorageState['state'] = 'unknown';
  private detail: string | undefined;
  private since = new Date();
  private failures = 0;
  private requestFailed = false;
  private nextTrialAt = 0;
  private lastProbeAt = -Infinity;
  private nextProbeAt = Infinity;
  private probing: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(private readonly options: StorageHealthOptions) {}

  get state(): StorageState {
    const { mount, kind } = this.options;
    const { current, detail, since } = this;
    return { mount, kind, state: current, ...(detail !== undefined && { detail }), since: since.toISOString() };
  }

  /** Whether a request has failed since one, or a look, succeeded last. Callers need not tell of successes while it is false. */
  get suspect(): boolean {
    return this.requestFailed;
  }

  /** Begins to look. */
  start(): void {
    void this.look();
  }

  /** Stops looking, and refuses nothing any more. */
  close(): void {
    this.closed = true;
    this.requestFailed = false;
    clearTimeout(this.timer);
  }

  /** Called before a request goes to the storage. @throws KnownOutage */
  admit(): void {
    if (!this.requestFailed || this.current !== 'unavailable' || !this.options.failFast) return;
    const now = performance.now();
    if (now >= this.nextTrialAt) {
      this.nextTrialAt = now + PROBE_INTERVAL_MS;
      return;
    }
    this.lookSoon();
    this.options.refused();
    const waitMs = Math.max(0, this.nextProbeAt - now);
    throw new KnownOutage(
      this.detail ?? 'The storage is unavailable.',
      Number.isFinite(waitMs) ? Math.max(1, Math.ceil(waitMs / 1000)) : 1,
    );
  }

  /** A request found the storage unavailable. */
  requestUnavailable(): void {
    if (this.closed) return;
    if (!this.requestFailed) {
      this.requestFailed = true;
      this.nextTrialAt = performance.now() + PROBE_INTERVAL_MS;
    }
    this.lookSoon();
  }

  /** A request got an answer, whatever it said. */
  requestAnswered(): void {
    this.requestFailed = false;
    if (this.current === 'unavailable') this.lookSoon();
  }

  /** Looks unless that was done within some milliseconds. Resolves when the look has ended; never rejects. */
  async refresh(maxAgeMs: number): Promise<void> {
    if (this.probing === undefined && performance.now() - this.lastProbeAt < maxAgeMs) return;
    await this.look();
  }

  private lookSoon(): void {
    if (this.probing !== undefined) return;
    this.schedule(Math.max(0, this.lastProbeAt + MIN_PROBE_GAP_MS - performance.now()));
  }

  /** Plans the next look; one that is planned earlier stays. */
  private schedule(delayMs: number): void {
    const at = performance.now() + delayMs;
    if (this.closed || at >= this.nextProbeAt) return;
    clearTimeout(this.timer);
    this.nextProbeAt = at;
    this.timer = setTimeout(() => void this.look(), delayMs).unref();
  }

  /** One look at a time: looks at a storage that hangs must not pile up. */
  private look(): Promise<void> {
    if (this.closed) return Promise.resolve();
    this.probing ??= this.probe().finally(() => {
      this.probing = undefined;
      this.lastProbeAt = performance.now();
      this.nextProbeAt = Infinity;
      this.schedule(nextProbeDelay(this.failures, Math.random()));
    });
    return this.probing;
  }

  private async probe(): Promise<void> {
    clearTimeout(this.timer);
    const seconds = PROBE_TIMEOUT_MS / 1000;
    const late = setTimeout(() => this.failed(`It did not answer within ${seconds} seconds.`), PROBE_TIMEOUT_MS);
    late.unref();
    try {
      await this.options.probe();
      this.failures = 0;
      this.requestFailed = false;
      this.become('ready', undefined);
    } catch (error) {
      this.failed(error instanceof Error ? error.message : String(error));
    } finally {
      clearTimeout(late);
    }
  }

  private failed(detail: string): void {
    this.failures++;
    this.become('unavailable', detail);
  }

  private become(state: StorageState['state'], detail: string | undefined): void {
    if (this.closed) return;
    const before = this.state;
    this.detail = detail;
    if (state === this.current) return;
    this.current = state;
    this.since = new Date();
    this.options.changed(this.state, before);
  }
}
