import { abortableDelay } from './abortable-delay.js';
import { type Clock, SYSTEM_CLOCK } from './clock.js';
import type { Lease } from './core-objects.js';
import type { KubeClient } from './kube-client.js';
import { isKubeError } from './kube-error.js';
import { microTime } from './micro-time.js';
import { LEASES } from './resource.js';

/** How to elect. Times are milliseconds. */
export interface LeaderElectorOptions {
  readonly namespace: string;
  /** Of the Lease. */
  readonly name: string;
  /** Of this process, unique for all time: the pod's name and uid. */
  readonly identity: string;
  /** For how long others must not take a Lease that was not renewed. 15,000 without; whole seconds. */
  readonly leaseDurationMs?: number;
  /** For how long the leader goes on without being able to renew. 10,000 without. */
  readonly renewDeadlineMs?: number;
  /** Between two looks or renewals. 2,000 without. */
  readonly retryPeriodMs?: number;
  /** Give the Lease up at {@link LeaderElector.stop}, so that the next leader need not wait for its end. Default true. */
  readonly releaseOnStop?: boolean;
  readonly clock?: Clock;
  readonly random?: () => number;
  /** Told of calls that failed; the election goes on. */
  readonly onError?: (error: unknown) => void;
}

/** Why leading ended: `lost` to time or another, or `stopped` by {@link LeaderElector.stop}. */
export type StopReason = 'lost' | 'stopped';

/** What to do with leadership. */
export interface LeaderCallbacks {
  /**
   * Leading begins. `signal` is aborted when it ends: nothing may be written after. On {@link LeaderElector.stop}, the
   * Lease is renewed until the promise settles, and given up only then.
   */
  readonly onStarted: (signal: AbortSignal) => void | Promise<void>;
  /** Leading has ended. Not called if it never began. */
  readonly onStopped: (reason: StopReason) => void;
}

/** Thrown by {@link LeaderElector.assertLeading}. */
export class NotLeadingError extends Error {
  constructor() {
    super('this replica does not lead (any more)');
    this.name = 'NotLeadingError';
  }
}

interface Observed {
  readonly lease: Lease;
  /** When we first saw the record as it is, on our clock. */
  readonly since: number;
}

/**
 * Leader election by a Lease, as client-go does it.
 *
 * Whether another's Lease has run out is judged by how long we have seen it unchanged, never by the times in it: clocks
 * of two machines may differ. Every write is a compare-and-swap.
 */
export class LeaderElector {
  private readonly clock: Clock;
  private readonly random: () => number;
  private readonly leaseDurationMs: number;
  private readonly renewDeadlineMs: number;
  private readonly retryPeriodMs: number;
  private readonly stopping = new AbortController();
  private observed: Observed | undefined;
  /** When the last renewal that succeeded was sent: from then on others count. */
  private lastRenew = -Infinity;
  private holdsLease = false;
  private running: Promise<void> | undefined;

  constructor(
    private readonly client: KubeClient,
    private readonly options: LeaderElectorOptions,
  ) {
    this.clock = options.clock ?? SYSTEM_CLOCK;
    this.random = options.random ?? Math.random;
    this.leaseDurationMs = options.leaseDurationMs ?? 15_000;
    this.renewDeadlineMs = options.renewDeadlineMs ?? 10_000;
    this.retryPeriodMs = options.retryPeriodMs ?? 2000;
    if (!(this.leaseDurationMs > this.renewDeadlineMs && this.renewDeadlineMs > this.retryPeriodMs * 1.2)) {
      throw new Error('leader election needs leaseDuration > renewDeadline > 1.2 x retryPeriod');
    }
  }

  /** Does this process lead, as far as it knows, and is that recent enough? */
  get leading(): boolean {
    return this.holdsLease && this.clock.now() - this.lastRenew < this.renewDeadlineMs;
  }

  /** Who holds the Lease, as last seen; undefined for nobody. */
  get holder(): string | undefined {
    return this.observed?.lease.spec?.holderIdentity || undefined;
  }

  /**
   * To be called before each write to the outside: a process that was held up (a blocked event loop, a paused
   * container) may still believe that it leads.
   *
   * @throws NotLeadingError
   */
  assertLeading(): void {
    if (!this.leading) throw new NotLeadingError();
  }

  /** Takes part until leadership was won and lost, or until {@link stop}. Never rejects for what the server does. */
  run(callbacks: LeaderCallbacks): Promise<void> {
    this.running ??= this.campaign(callbacks);
    return this.running;
  }

  /** Ends leading or waiting; resolves when {@link run} has. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async campaign({ onStarted, onStopped }: LeaderCallbacks): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted && !(await this.tryAcquire())) {
      await abortableDelay(this.clock, this.retryPeriodMs * (1 + this.random() * 0.2), signal);
    }
    if (!this.holdsLease) return;
    const term = new AbortController();
    const work = start(onStarted, term.signal, (error) => this.report(error));
    let reason = await this.renewWhile(signal);
    // What runs ends under a Lease that is still renewed, so that the next leader never meets it.
    term.abort();
    if (reason === 'stopped') reason = await this.renewWhile(work.settled);
    if (reason === 'stopped' && (this.options.releaseOnStop ?? true)) await this.release();
    this.holdsLease = false;
    onStopped(reason);
  }

  /** Renews until `until` is aborted (`stopped`), or leadership is `lost`. */
  private async renewWhile(until: AbortSignal): Promise<StopReason> {
    for (;;) {
      await this.waitForRenewal(until);
      // Before anything else: after a pause, the time may be over though no call has failed.
      if (!this.leading) return this.lose();
      if (until.aborted) return 'stopped';
      if (!(await this.tryAcquire()) && this.holder !== undefined && this.holder !== this.options.identity) {
        return this.lose();
      }
      if (!this.leading) return this.lose();
    }
  }

  private waitForRenewal(until: AbortSignal): Promise<void> {
    const left = this.lastRenew + this.renewDeadlineMs - this.clock.now();
    return abortableDelay(this.clock, Math.min(this.retryPeriodMs, Math.max(0, left)), until);
  }

  private lose(): StopReason {
    this.holdsLease = false;
    return 'lost';
  }

  /** Takes the Lease, or renews it. False: another has it, or the server did not answer. */
  private async tryAcquire(): Promise<boolean> {
    try {
      const { identity } = this.options;
      // The one who leads knows what is there, and saves a read; a Conflict says when that is no longer so.
      if (!this.holdsLease || !this.observed) this.observe(await this.read());
      const lease = this.observed?.lease;
      if (lease && this.holder !== undefined && this.holder !== identity && !this.hasRunOut(lease)) return false;
      const sentAt = this.clock.now();
      this.observe(await this.write(lease));
      this.lastRenew = sentAt;
      this.holdsLease = true;
      return true;
    } catch (error) {
      // Someone else was quicker, or touched the Lease: look again before the next try.
      if (isKubeError(error, 'Conflict', 'AlreadyExists', 'NotFound')) await this.lookAgain();
      else this.report(error);
      return false;
    }
  }

  private async lookAgain(): Promise<void> {
    try {
      this.observe(await this.read());
    } catch (error) {
      this.report(error);
    }
  }

  private observe(lease: Lease | undefined): void {
    if (!lease) {
      this.observed = undefined;
      return;
    }
    const same = this.observed && JSON.stringify(record(this.observed.lease)) === JSON.stringify(record(lease));
    this.observed = { lease, since: same && this.observed ? this.observed.since : this.clock.now() };
  }

  private hasRunOut(lease: Lease): boolean {
    const duration = (lease.spec?.leaseDurationSeconds ?? this.leaseDurationMs / 1000) * 1000;
    return this.clock.now() - (this.observed?.since ?? Infinity) >= duration;
  }

  private read(): Promise<Lease | undefined> {
    const { namespace, name } = this.options;
    return this.client.get(LEASES, { namespace, name }, { timeoutMs: this.callTimeoutMs, urgent: true });
  }

  private write(lease: Lease | undefined): Promise<Lease> {
    const { namespace, name, identity } = this.options;
    const now = microTime(this.clock.wallTime());
    const before = lease?.spec;
    const renewal = before?.holderIdentity === identity;
    const spec = {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(this.leaseDurationMs / 1000),
      acquireTime: renewal ? (before.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: (before?.leaseTransitions ?? 0) + (renewal || !lease ? 0 : 1),
    };
    const options = { timeoutMs: this.callTimeoutMs, urgent: true };
    return lease
      ? this.client.replace(LEASES, { ...lease, spec }, options)
      : this.client.create(
          LEASES,
          { metadata: { namespace, name }, spec },
          { ...options, fieldManager: 'leader-election' },
        );
  }

  private async release(): Promise<void> {
    const lease = this.observed?.lease;
    if (!lease || !this.leading) return;
    const now = microTime(this.clock.wallTime());
    // The duration must not be 0, and the holder's name "" is what client-go writes and takes as nobody.
    const spec = { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: now, acquireTime: now };
    try {
      await this.client.replace(LEASES, { ...lease, spec }, { timeoutMs: this.callTimeoutMs, urgent: true });
    } catch (error) {
      this.report(error);
    }
  }

  /** A call that hangs leaves time for another before the deadline, and never outlasts it. */
  private get callTimeoutMs(): number {
    const timeout = this.renewDeadlineMs * 0.4;
    return this.holdsLease ? Math.min(timeout, this.lastRenew + this.renewDeadlineMs - this.clock.now()) : timeout;
  }

  private report(error: unknown): void {
    try {
      this.options.onError?.(error);
    } catch {
      // Whoever is told must not end the election.
    }
  }
}

/** What a change of which counts as a sign of life. */
function record(lease: Lease): unknown[] {
  const { holderIdentity, leaseDurationSeconds, acquireTime, renewTime, leaseTransitions } = lease.spec ?? {};
  return [holderIdentity, leaseDurationSeconds, acquireTime, renewTime, leaseTransitions];
}

/** Starts the work of a leader; `settled` is aborted when it has ended. */
function start(
  onStarted: LeaderCallbacks['onStarted'],
  signal: AbortSignal,
  report: (error: unknown) => void,
): { settled: AbortSignal } {
  const settled = new AbortController();
  const work = async (): Promise<void> => {
    try {
      await onStarted(signal);
    } catch (error) {
      report(error);
    } finally {
      settled.abort();
    }
  };
  void work();
  return { settled: settled.signal };
}
