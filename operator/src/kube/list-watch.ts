import { abortableDelay } from './abortable-delay.js';
import { backoffDelay, type BackoffLimits, jittered } from './backoff.js';
import type { Clock } from './clock.js';
import type { KubeClient } from './kube-client.js';
import { isExpired, isKubeError, isRefusal, KubeError } from './kube-error.js';
import { type KubeObject, objectKey } from './kube-object.js';
import type { Resource } from './resource.js';
import { sameVersion, type Store } from './store.js';
import type { WatchEvent } from './watch-event.js';

/** Told of what a reflector does. No method may throw. */
export interface ReflectorMetrics {
  /** A list came whole. */
  listed?(objects: number, seconds: number): void;
  /** A watch is open. */
  watching?(): void;
  /** A watch that was open is over. */
  ended?(reason: 'closed' | 'silent' | 'expired' | 'error' | 'audit'): void;
  event?(type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'): void;
  /** The full list found so many changes that no watch had told. */
  missed?(changes: number): void;
}

/** What one list and watch is made of. */
export interface ListWatchParts<T extends KubeObject> {
  readonly client: KubeClient;
  readonly resource: Resource<T>;
  readonly namespace: string | undefined;
  readonly labelSelector: string | undefined;
  readonly fieldSelector: string | undefined;
  readonly transform: ((object: T) => T) | undefined;
  readonly store: Store<T>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onError: (error: unknown) => void;
  readonly metrics: ReflectorMetrics;
}

const PAGE = 500;
// A server that is back must be noticed within moments, and the watches of a few replicas ask little of one that is away.
const BACKOFF: BackoffLimits = { firstMs: 1600, longestMs: 5000 };
const SHORTEST_DELAY_MS = 800;
const HEALTHY_MS = 120_000;
const AUDIT_EVERY_MS = 1_800_000;
// How long a watch may be behind a list before a difference counts as missed.
const AUDIT_PATIENCE_MS = 10_000;
// Servers send a bookmark about once a minute.
const BOOKMARK_MS = 75_000;
const SILENCE_MS = 150_000;
// A server that takes a watch and ends it at once, again and again, must not be asked without a pause.
const SHORT_WATCH_MS = 1000;
// A server waits for three seconds until it has come as far as it is asked.
const CONFIRM_TIMEOUT_MS = 10_000;
// A server that answers again after no longer than this was not restored from a backup meanwhile.
const LONGEST_BLINK_MS = 2000;

/** One watch, from the time it is asked for. */
interface RunningWatch {
  readonly abort: AbortController;
  readonly begun: number;
  /** When the server began to answer. */
  opened?: number;
  ending: 'closed' | 'silent' | 'audit';
}

/** Keeps a store equal to one namespace's objects, or to all of a resource, through whatever happens to the server. */
export class ListWatch<T extends KubeObject> {
  readonly synced: Promise<void>;
  private readonly resolveSynced: () => void;
  private readonly stopping = new AbortController();
  /** Where a watch goes on; undefined: a list comes first. */
  private version: string | undefined;
  private listedVersion: string | undefined;
  /** A version that was followed for a while has become too old, which only a list puts right. */
  private outOfDate = false;
  /**
   * Since when nothing is known of the server; undefined while it is followed. It may come back with an older past than
   * the one that was followed.
   */
  private lostAt: number | undefined;
  /** A watch that was well has just been cut: it may go on at once. */
  private cut = false;
  private lastContact = -Infinity;
  private failures = 0;
  private lastFailure = -Infinity;
  /** Keys that the watch told of since an audit began; undefined while none runs. */
  private touched: Set<string> | undefined;
  private watch: RunningWatch | undefined;

  constructor(private readonly parts: ListWatchParts<T>) {
    const synced = Promise.withResolvers<void>();
    this.synced = synced.promise;
    this.resolveSynced = synced.resolve;
  }

  /** The clock's time when the server last sent anything. */
  get lastContactMs(): number {
    return this.lastContact;
  }

  /** Runs until {@link stop}. Never rejects. */
  async run(): Promise<void> {
    const cancelAudits = this.scheduleAudit();
    while (!this.stopped) {
      try {
        if (this.lostAt !== undefined) await this.confirm(this.lostAt);
        this.version ??= await this.list();
        if (!this.stopped) await this.watchFrom(this.version);
      } catch (error) {
        if (!this.stopped) await this.afterFailure(error);
      }
    }
    cancelAudits();
  }

  /** Ends what runs. {@link run} resolves soon after. */
  stop(): void {
    this.stopping.abort();
  }

  private get stopped(): boolean {
    return this.stopping.signal.aborted;
  }

  private async list(): Promise<string> {
    const started = this.parts.clock.now();
    const { objects, version } = await this.readAll();
    if (this.stopped) return version;
    // Differences are no longer the audit's to count.
    this.touched = undefined;
    this.parts.store.replace(objects, this.parts.namespace);
    this.listedVersion = version;
    this.parts.metrics.listed?.(objects.length, (this.parts.clock.now() - started) / 1000);
    this.resolveSynced();
    return version;
  }

  private async readAll(): Promise<{ objects: T[]; version: string }> {
    try {
      return await this.readPages(PAGE);
    } catch (error) {
      // The version that the pages are of was compacted away while we read them: one large page has no such trouble.
      if (!isExpired(error)) throw error;
      return this.readPages(undefined);
    }
  }

  private async readPages(limit: number | undefined): Promise<{ objects: T[]; version: string }> {
    const { client, resource, namespace, labelSelector, fieldSelector } = this.parts;
    const { signal } = this.stopping;
    const objects: T[] = [];
    let next: string | undefined;
    for (;;) {
      const selection = { namespace, labelSelector, fieldSelector, limit, continue: next, signal };
      const page = await client.list(resource, selection);
      this.contact();
      for (const object of page.items) objects.push(this.ingest(object));
      if (page.continue === undefined) return { objects, version: page.resourceVersion };
      next = page.continue;
    }
  }

  private async watchFrom(version: string): Promise<void> {
    const { resource, metrics, clock } = this.parts;
    const watch: RunningWatch = { abort: new AbortController(), begun: clock.now(), ending: 'closed' };
    const cancelGuard = this.guardSilence(watch);
    let events = 0;
    try {
      for await (const event of this.events(version, watch)) {
        if (this.stopped) return;
        events++;
        this.version = event.object.metadata.resourceVersion;
        metrics.event?.(event.type);
        if (event.type !== 'BOOKMARK') this.take(event.type, event.object);
      }
    } catch (error) {
      if (watch.opened !== undefined) metrics.ended?.(isExpired(error) ? 'expired' : 'error');
      // What was cut goes on where it was, if that is still in the server's past.
      const cut = watch.opened !== undefined && isKubeError(error, 'ConnectionFailed');
      this.cut = cut && clock.now() - watch.begun >= SHORT_WATCH_MS;
      // The version of the last list, refused: another list may bring no better one.
      this.outOfDate = isExpired(error) && this.version !== this.listedVersion;
      if (!cut && !isRefusal(error)) this.version = undefined;
      this.lostAt ??= this.knownUntil();
      throw error;
    } finally {
      cancelGuard();
      this.watch = undefined;
    }
    metrics.ended?.(watch.ending);
    if (watch.ending === 'silent' || watch.ending === 'audit') this.version = undefined;
    const open = clock.now() - (watch.opened ?? watch.begun);
    if (watch.ending === 'closed' && events === 0 && open < SHORT_WATCH_MS && !this.stopped) {
      throw new Error(`the server ended a watch of ${resource.plural} at once`);
    }
  }

  /**
   * Asks whether our version is in the server's past. After etcd was restored it may lie ahead, where a watch from it is
   * taken and tells nothing until the server has counted up to it; then a list comes first. So it does where the answer
   * does not come within a moment: a server that was away may have been restored, and have counted up to it since.
   */
  private async confirm(lostAt: number): Promise<void> {
    const { client, resource, namespace, labelSelector, fieldSelector, clock } = this.parts;
    const selection = { namespace, labelSelector, fieldSelector, limit: 1, signal: this.stopping.signal };
    const isTooLate = (): boolean => clock.now() - lostAt > LONGEST_BLINK_MS;
    try {
      if (this.version !== undefined && !isTooLate()) {
        const version = { resourceVersion: this.version, resourceVersionMatch: 'NotOlderThan' } as const;
        await client.list(resource, { ...selection, ...version, timeoutMs: CONFIRM_TIMEOUT_MS, urgent: true });
      }
    } catch (error) {
      if (!isRefusal(error)) this.version = undefined;
      if (!isKubeError(error, 'Timeout') && !isExpired(error)) throw error;
    }
    if (isTooLate()) this.version = undefined;
    this.lostAt = undefined;
  }

  private events(version: string, watch: RunningWatch): AsyncGenerator<WatchEvent<T>> {
    const { client, resource, namespace, labelSelector, fieldSelector, metrics, clock } = this.parts;
    return client.watch(resource, {
      namespace,
      labelSelector,
      fieldSelector,
      resourceVersion: version,
      // Spread, so that the watches of a program do not all end together.
      timeoutSeconds: 290 + Math.floor(this.parts.random() * 301),
      signal: AbortSignal.any([watch.abort.signal, this.stopping.signal]),
      onContact: () => {
        this.contact();
        if (watch.opened !== undefined) return;
        watch.opened = clock.now();
        this.watch = watch;
        metrics.watching?.();
      },
    });
  }

  private take(type: 'ADDED' | 'MODIFIED' | 'DELETED', received: T): void {
    const key = objectKey(received.metadata);
    this.touched?.add(key);
    if (type === 'DELETED') this.parts.store.delete(key, received.metadata.uid);
    else this.parts.store.set(this.ingest(received));
  }

  private ingest(received: T): T {
    const { managedFields, ...metadata } = received.metadata;
    const object = managedFields === undefined ? received : { ...received, metadata };
    if (!this.parts.transform) return object;
    try {
      return this.parts.transform(object);
    } catch (error) {
      this.parts.onError(error);
      return object;
    }
  }

  private async afterFailure(error: unknown): Promise<void> {
    const { clock, random } = this.parts;
    if (this.outOfDate) {
      this.outOfDate = false;
      return;
    }
    this.parts.onError(error);
    if (this.cut) {
      this.cut = false;
      return;
    }
    const now = clock.now();
    if (now - this.lastFailure >= HEALTHY_MS) this.failures = 0;
    this.failures++;
    this.lastFailure = now;
    const delay = Math.max(SHORTEST_DELAY_MS, jittered(backoffDelay(BACKOFF, this.failures), random));
    const asked = error instanceof KubeError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
    await abortableDelay(clock, Math.max(delay, asked), this.stopping.signal);
  }

  /** When it was certain last that the server is the one that was followed: it may be gone for longer than its connection. */
  private knownUntil(): number {
    const now = this.parts.clock.now();
    return now - this.lastContact > BOOKMARK_MS ? this.lastContact : now;
  }

  private contact(): void {
    this.lastContact = this.parts.clock.now();
  }

  /** Ends a watch that is open but says nothing: its connection may be dead without anyone having been told. */
  private guardSilence(watch: RunningWatch): () => void {
    const { clock } = this.parts;
    let cancel: () => void;
    const check = (): void => {
      const silent = clock.now() - Math.max(watch.begun, this.lastContact);
      if (silent < SILENCE_MS) {
        cancel = clock.setTimeout(check, SILENCE_MS - silent);
        return;
      }
      watch.ending = 'silent';
      watch.abort.abort();
    };
    cancel = clock.setTimeout(check, SILENCE_MS);
    return () => cancel();
  }

  private scheduleAudit(): () => void {
    const { clock, random } = this.parts;
    let cancel: () => void;
    const next = (): void => {
      cancel = clock.setTimeout(() => void this.audit().finally(next), AUDIT_EVERY_MS * (0.9 + random() * 0.2));
    };
    next();
    return () => cancel();
  }

  /**
   * Compares the store with a full list while the watch goes on. What differs, and what the watch does not tell of
   * within {@link AUDIT_PATIENCE_MS} either, was missed: it is counted, and the list replaces the store.
   */
  private async audit(): Promise<void> {
    const watch = this.watch;
    if (!watch || this.stopped) return;
    // Since before the list: an event that comes while the list does may be newer than it.
    const touched = new Set<string>();
    this.touched = touched;
    try {
      const different = this.differences((await this.readAll()).objects);
      if (different.length === 0) return;
      await abortableDelay(this.parts.clock, AUDIT_PATIENCE_MS, this.stopping.signal);
      const missed = different.filter((key) => !touched.has(key)).length;
      // Otherwise the store was replaced meanwhile.
      if (missed === 0 || this.touched !== touched || this.stopped) return;
      this.parts.metrics.missed?.(missed);
      if (this.watch !== watch) return;
      watch.ending = 'audit';
      watch.abort.abort();
    } catch (error) {
      if (!this.stopped) this.parts.onError(error);
    } finally {
      if (this.touched === touched) this.touched = undefined;
    }
  }

  private differences(listed: readonly T[]): string[] {
    const { store, namespace } = this.parts;
    const different: string[] = [];
    const there = new Set<string>();
    for (const object of listed) {
      const key = objectKey(object.metadata);
      there.add(key);
      const known = store.get(key);
      if (!known || !sameVersion(known, object)) different.push(key);
    }
    for (const object of store.values()) {
      const key = objectKey(object.metadata);
      const inScope = namespace === undefined || object.metadata.namespace === namespace;
      if (inScope && !there.has(key)) different.push(key);
    }
    return different;
  }
}
