import { randomBytes } from 'node:crypto';
import { type Clock, SYSTEM_CLOCK } from './clock.js';
import type { Event, ObjectReference } from './core-objects.js';
import type { KubeClient } from './kube-client.js';
import { isKubeError } from './kube-error.js';
import type { KubeObject } from './kube-object.js';
import { microTime } from './micro-time.js';
import { EVENTS } from './resource.js';
import { TokenBucket } from './token-bucket.js';

/** The object of an event: one that says what it is. */
export type Regarding = KubeObject & { readonly apiVersion: string; readonly kind: string };

/** What happened. */
export interface RecordedEvent {
  readonly type: 'Normal' | 'Warning';
  /** CamelCase, why: `KeyRotated`. */
  readonly reason: string;
  /** CamelCase, what the operator did: `Rotate`. */
  readonly action: string;
  /** For people. Never a secret. Cut at 1,024 bytes. */
  readonly note: string;
}

/** Who records, and how. */
export interface EventRecorderOptions {
  /** `bucketway.dev/operator`: the controller. */
  readonly component: string;
  /** The pod's name. */
  readonly instance: string;
  readonly clock?: Clock;
  /** Told of events that could not be recorded. */
  readonly onError?: (error: unknown) => void;
}

interface Series {
  readonly regarding: Regarding;
  readonly event: RecordedEvent;
  /** Of the Event as the server has it; undefined until it does. */
  name: string | undefined;
  /** How often it happened in all, and how many of these the server knows. */
  count: number;
  told: number;
  readonly begun: number;
  last: Date;
  lastAt: number;
  sentAt: number;
  /** Cancels the update that is due later. */
  cancelUpdate?: (() => void) | undefined;
}

const MAX_SERIES = 1000;
const MAX_NOTE_BYTES = 1024;
// After a rest as long as this, the same again is news and becomes an event of its own.
const SERIES_ENDS_AFTER_MS = 360_000;
// A note cannot be changed once it is recorded: another one begins an event of its own, but only so often.
const NOTE_CHANGES_AFTER_MS = 30_000;
const SERIES_UPDATES_AFTER_MS = 10_000;
const RATE = { perSecond: 10, burst: 50 };

/**
 * Records events (events.k8s.io/v1) in the background. What happens again to the same object for the same reason is
 * counted in the event that is there, as a series. It never throws, never blocks, and holds at most 1,000 series: what
 * is more than that is dropped.
 */
export class EventRecorder {
  private readonly clock: Clock;
  private readonly bucket: TokenBucket;
  private readonly stopping = new AbortController();
  /** By object and reason; those recorded last stand last. */
  private readonly series = new Map<string, Series>();
  private readonly pending = new Set<Series>();
  private busy = false;
  private working: Promise<void> | undefined;
  private flushing = false;
  private droppedEvents = 0;

  constructor(
    private readonly client: KubeClient,
    private readonly options: EventRecorderOptions,
  ) {
    this.clock = options.clock ?? SYSTEM_CLOCK;
    this.bucket = new TokenBucket(RATE, this.clock);
  }

  /** How many events were given up: too many at once, or refused. */
  get dropped(): number {
    return this.droppedEvents;
  }

  /** Records what happened to `regarding`. */
  record(regarding: Regarding, event: RecordedEvent): void {
    if (this.stopping.signal.aborted) return;
    const now = this.clock.now();
    const key = [regarding.kind, regarding.metadata.uid ?? regarding.metadata.name, event.reason].join('\n');
    let series = this.series.get(key);
    if (!series || this.isNews(series, event, now)) {
      if (this.pending.size >= MAX_SERIES) {
        this.droppedEvents++;
        return;
      }
      series = this.begin(regarding, event, now);
    }
    series.count++;
    series.last = this.clock.wallTime();
    series.lastAt = now;
    this.series.delete(key);
    this.series.set(key, series);
    this.forgetOldest();
    this.pending.add(series);
    this.work();
  }

  /** Resolves when what was recorded so far is with the server, or given up. */
  async flush(): Promise<void> {
    for (const series of this.series.values()) this.pending.add(series);
    this.flushing = true;
    this.work();
    await this.working;
    this.flushing = false;
  }

  /** Records nothing any more; resolves when what is pending was sent, or after `patienceMs`. */
  async stop(patienceMs = 2000): Promise<void> {
    const cancel = this.clock.setTimeout(() => this.stopping.abort(), patienceMs);
    await this.flush();
    cancel();
    this.stopping.abort();
    for (const series of this.series.values()) series.cancelUpdate?.();
  }

  private isNews(series: Series, event: RecordedEvent, now: number): boolean {
    if (now - series.lastAt >= SERIES_ENDS_AFTER_MS) return true;
    const same = series.event.note === event.note && series.event.type === event.type;
    return !same && now - series.begun >= NOTE_CHANGES_AFTER_MS;
  }

  private begin(regarding: Regarding, event: RecordedEvent, now: number): Series {
    const { apiVersion, kind, metadata } = regarding;
    return {
      // Not the object itself, which may be large, for as long as the series lasts.
      regarding: { apiVersion, kind, metadata },
      event,
      name: undefined,
      count: 0,
      told: 0,
      begun: now,
      last: this.clock.wallTime(),
      lastAt: now,
      sentAt: -Infinity,
    };
  }

  private forgetOldest(): void {
    for (const key of this.series.keys()) {
      if (this.series.size <= MAX_SERIES) return;
      this.series.delete(key);
    }
  }

  private work(): void {
    if (this.busy) return;
    this.busy = true;
    this.working = this.sendAll();
  }

  private async sendAll(): Promise<void> {
    // One at a time: events must not crowd out what the operator is there for. What is added meanwhile comes last.
    for (const series of this.pending) {
      this.pending.delete(series);
      if (series.told >= series.count || this.updatesLater(series)) continue;
      try {
        await this.bucket.take(this.stopping.signal);
        await this.send(series);
      } catch (error) {
        this.giveUp(series, error);
      }
    }
    // In the same turn in which nothing was pending: whoever adds from now on has to start the work again.
    this.busy = false;
  }

  private updatesLater(series: Series): boolean {
    const wait = series.sentAt + SERIES_UPDATES_AFTER_MS - this.clock.now();
    if (series.told === 0 || wait <= 0 || this.flushing) return false;
    series.cancelUpdate ??= this.clock.setTimeout(() => {
      series.cancelUpdate = undefined;
      this.pending.add(series);
      this.work();
    }, wait);
    return true;
  }

  private async send(series: Series): Promise<void> {
    const { signal } = this.stopping;
    const count = series.count;
    series.sentAt = this.clock.now();
    if (series.name !== undefined && !(await this.update(series, series.name, count))) series.name = undefined;
    if (series.name === undefined) {
      const event = this.toEvent(series);
      await this.client.create(EVENTS, event, { fieldManager: this.options.component, urgent: true, signal });
      series.name = event.metadata.name;
    }
    series.told = count;
  }

  /** False: the event has gone; they are kept for an hour. */
  private async update(series: Series, name: string, count: number): Promise<boolean> {
    const patch = { series: { count, lastObservedTime: microTime(series.last) } };
    const ref = { namespace: this.namespace(series), name };
    try {
      await this.client.patch(EVENTS, ref, patch, { type: 'merge', urgent: true, signal: this.stopping.signal });
      return true;
    } catch (error) {
      if (isKubeError(error, 'NotFound')) return false;
      throw error;
    }
  }

  private toEvent(series: Series): Event {
    const { regarding, event } = series;
    const namespace = this.namespace(series);
    const time = microTime(series.last);
    return {
      metadata: { name: `${regarding.metadata.name.slice(0, 230)}.${randomBytes(8).toString('hex')}`, namespace },
      eventTime: time,
      reportingController: this.options.component,
      reportingInstance: this.options.instance.slice(0, 128),
      action: event.action,
      reason: event.reason,
      type: event.type,
      regarding: referenceTo(regarding),
      note: cut(event.note),
      // A series has at least two.
      ...(series.count > 1 ? { series: { count: series.count, lastObservedTime: time } } : {}),
    };
  }

  private namespace(series: Series): string {
    // Events on a cluster's own objects are taken in this namespace only.
    return series.regarding.metadata.namespace ?? 'default';
  }

  private giveUp(series: Series, error: unknown): void {
    this.droppedEvents++;
    // As if told: otherwise each further one would bring the failure back.
    series.told = series.count;
    try {
      this.options.onError?.(error);
    } catch {
      // Recording never throws.
    }
  }
}

function referenceTo({ apiVersion, kind, metadata }: Regarding): ObjectReference {
  const { namespace, name, uid, resourceVersion } = metadata;
  return {
    apiVersion,
    kind,
    name,
    ...(namespace ? { namespace } : {}),
    ...(uid ? { uid } : {}),
    ...(resourceVersion ? { resourceVersion } : {}),
  };
}

/** The API server refuses notes of more than 1 KiB. */
function cut(note: string): string {
  if (Buffer.byteLength(note) <= MAX_NOTE_BYTES) return note;
  // A character that was cut in two becomes U+FFFD, which goes with the rest.
  const head = Buffer.from(note)
    .subarray(0, MAX_NOTE_BYTES - 3)
    .toString('utf8');
  return `${head.replace(/\uFFFD+$/, '')}…`;
}
