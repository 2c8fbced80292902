import type { DocumentKind } from '@bucketway/contract';
import { backoffDelay } from '../kube/backoff.js';
import { isKubeError } from '../kube/kube-error.js';
import { PublisherStoppedError } from './document-errors.js';
import { documentObjectName } from './document-names.js';
import { digestOf, entriesOf, hasDocumentLabels, resourceOf, toDocumentObject } from './document-object.js';
import type { DocumentObject } from './document-object.js';
import { DOCUMENT_MANAGER, lastManager } from './drift.js';
import type { PublisherOptions } from './publisher-options.js';
import type { RenderedDocument, ShardContent, ShardDraft } from './shard-content.js';
import { WritePace } from './write-pace.js';

const CALL_TIMEOUT_MS = 10_000;
const RETRY = { firstMs: 250, longestMs: 5000 };
const MAX_CONFLICTS = 20;
const DRIFT_PAUSE_MS = 200;
// A watch can be behind by this many of our own writes without being taken for somebody else's.
const OWN_VERSIONS = 256;

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A draft that was sent, until a later write proves that it cannot come into force any more. */
interface SentDraft {
  readonly digest: string;
  readonly fingerprint: string;
  readonly draft: ShardDraft;
  readonly document: RenderedDocument;
}

/**
 * The single writer of one object: compare-and-swap, one write at a time; changes that come meanwhile gather for the
 * next. What others do to the object is undone by the next write, which its watch starts.
 */
export class ShardWriter {
  readonly name: string;
  private waiters: Waiter[] = [];
  private running: Promise<void> | undefined;
  private needed = false;
  private stopped = false;
  private failures = 0;
  private cancelRetry: (() => void) | undefined;

  private live: DocumentObject | undefined;
  private digest: string | undefined;
  private fingerprint: string | undefined;
  private highestRevision = 0;
  private floor = 0;
  /** Written even where the content is what was stored last. */
  private forced = false;
  /** The live object must be read before it is written. */
  private unsure = false;
  private suspect: string | undefined;
  private lastDrift = -Infinity;
  private readonly own = new Set<string>();
  private sent: SentDraft[] = [];
  private readonly pace: WritePace | undefined;
  private bytes = 0;

  constructor(
    readonly kind: DocumentKind,
    readonly shard: number,
    private readonly content: ShardContent,
    private readonly options: PublisherOptions,
  ) {
    this.name = documentObjectName(options.prefix, kind, shard);
    this.pace = options.pace && new WritePace(options.pace, options.clock);
  }

  /** The highest revision stored, or claimed by what was. */
  get revision(): number {
    return this.highestRevision;
  }

  /** Whether a write is under way or about to begin. */
  get isWriting(): boolean {
    return this.running !== undefined;
  }

  /** Whether the object was there when it was looked at last. */
  get exists(): boolean {
    return this.live !== undefined;
  }

  /** Takes over what is stored. Without a fingerprint it is written anew at the first request. */
  restore(object: DocumentObject, fingerprint: string | undefined): void {
    this.adopt(object);
    this.fingerprint = fingerprint;
    this.forced = fingerprint === undefined || !hasDocumentLabels(this.kind, object) || object.immutable === true;
  }

  /** Resolves when everything that the content holds now is stored. */
  request(): Promise<void> {
    if (this.stopped) return Promise.reject(new PublisherStoppedError());
    const stored = new Promise<void>((resolve, reject) => this.waiters.push({ resolve, reject }));
    this.kick();
    return stored;
  }

  /** Writes a revision above `n`, whatever the content. */
  raiseAbove(n: number): Promise<void> {
    if (this.highestRevision > n) return Promise.resolve();
    this.floor = Math.max(this.floor, n);
    this.forced = true;
    return this.request();
  }

  /** A watch's view of the object; undefined where it is gone. */
  observe(object: DocumentObject | undefined): void {
    const version = object?.metadata.resourceVersion;
    if (this.stopped || (version === undefined && this.live === undefined && this.running === undefined)) return;
    if (version !== undefined && this.isOwn(version)) return;
    // Nothing is judged by what a watch says: it may be older than our last write. The write loop reads the object.
    this.suspect = version ?? '';
    this.kick();
  }

  stop(): void {
    this.stopped = true;
    this.cancelRetry?.();
    this.rejectAll(this.waiters.splice(0), new PublisherStoppedError());
  }

  /** Resolves when the write loop rests. */
  async idle(): Promise<void> {
    while (this.running) await this.running;
  }

  private kick(): void {
    this.needed = true;
    this.cancelRetry?.();
    this.cancelRetry = undefined;
    this.running ??= this.run().finally(() => {
      this.running = undefined;
      if (this.needed && !this.stopped && this.cancelRetry === undefined) this.kick();
    });
  }

  private async run(): Promise<void> {
    // Changes of one turn of the event loop make one write.
    await Promise.resolve();
    while (this.needed && !this.stopped) {
      await this.turn();
      this.needed = false;
      const batch: Waiter[] = [];
      try {
        await this.store(batch);
        this.failures = 0;
        for (const { resolve } of batch) resolve();
      } catch (error) {
        this.retryLater(error);
        this.rejectAll([...batch, ...this.waiters.splice(0)], error);
        return;
      }
      if (this.needed) await this.pause(this.options.busyWindowMs ?? 0);
    }
  }

  private retryLater(error: unknown): void {
    if (this.stopped) return;
    this.needed = true;
    this.failures++;
    this.options.events?.writeFailed?.(this.name, error);
    this.cancelRetry = this.options.clock.setTimeout(
      () => {
        this.cancelRetry = undefined;
        this.kick();
      },
      backoffDelay(RETRY, this.failures),
    );
  }

  private rejectAll(waiters: readonly Waiter[], error: unknown): void {
    for (const { reject } of waiters) reject(error);
  }

  /** Resolves when it may be written, as often as it is. */
  private async turn(): Promise<void> {
    let wait = this.pace?.take(this.bytes) ?? 0;
    while (wait > 0 && !this.stopped) {
      await this.pause(wait);
      wait = this.pace?.take(this.bytes) ?? 0;
    }
  }

  private pause(milliseconds: number): Promise<void> | void {
    if (milliseconds === 0) return undefined;
    return new Promise((resolve) => void this.options.clock.setTimeout(resolve, milliseconds));
  }

  private async store(batch: Waiter[]): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      if (this.mustRead()) await this.read();
      batch.push(...this.waiters.splice(0));
      const draft = await this.content.draft();
      if (this.stopped) throw new PublisherStoppedError();
      // A lost write can still succeed for as long as none came after it.
      if (!this.forced && this.sent.length === 0 && draft.fingerprint === this.fingerprint) {
        draft.dropped();
        return;
      }
      try {
        await this.write(draft);
        return;
      } catch (error) {
        this.unsure = true;
        // Somebody else wrote, made or removed the object since it was read: ours was not stored.
        const overtaken = this.live === undefined ? ['AlreadyExists'] : ['Conflict', 'NotFound'];
        if (!isKubeError(error, ...overtaken) || attempt >= MAX_CONFLICTS) throw error;
      }
    }
  }

  private mustRead(): boolean {
    const suspicious = this.suspect !== undefined;
    this.suspect = undefined;
    return suspicious || this.unsure;
  }

  private async write(draft: ShardDraft): Promise<void> {
    // Also above what was sent and perhaps stored for a moment: a gateway may have seen it.
    const taken = Math.max(this.floor, ...this.sent.map(({ document }) => document.revision));
    const next = Math.max(this.highestRevision, taken) + 1;
    const keeps = !this.forced && this.live !== undefined && this.highestRevision > taken;
    const document = draft.render(next, keeps ? this.highestRevision : undefined);
    const { namespace, api } = this.options;
    const resource = resourceOf(this.kind);
    const call = { fieldManager: DOCUMENT_MANAGER, timeoutMs: CALL_TIMEOUT_MS, urgent: true };
    this.options.assertLeading?.();
    let before = this.live;
    if (before?.immutable) {
      const { uid, resourceVersion } = before.metadata;
      await api.delete(resource, { namespace, name: this.name }, { uid, resourceVersion, timeoutMs: CALL_TIMEOUT_MS });
      before = { ...before, metadata: { ...before.metadata, resourceVersion: undefined } } as never;
    }
    const object = toDocumentObject(this.kind, { namespace, name: this.name }, document.entries, before);
    const digest = digestOf(document.entries);
    this.bytes = [...document.entries.values()].reduce((sum, text) => sum + text.length, 0);
    this.sent.push({ digest, fingerprint: draft.fingerprint, draft, document });
    const exists = object.metadata.resourceVersion !== undefined;
    const saved = await (exists ? api.replace(resource, object, call) : api.create(resource, object, call));
    this.commit(saved, this.sent.at(-1) as SentDraft);
  }

  /** A draft of ours is what is stored. */
  private commit(object: DocumentObject, { draft, document, digest, fingerprint }: SentDraft): void {
    this.remember(object);
    this.digest = digest;
    this.fingerprint = fingerprint;
    this.highestRevision = document.revision;
    this.forced = false;
    // The writes before it carry an older resourceVersion, so none of them can succeed any more.
    this.sent = [];
    draft.stored(document);
  }

  private async read(): Promise<void> {
    const { namespace, api } = this.options;
    const ref = { namespace, name: this.name };
    const object = await api.get(resourceOf(this.kind), ref, { timeoutMs: CALL_TIMEOUT_MS });
    this.unsure = false;
    if (object === undefined) {
      if (this.live !== undefined) this.drift('deleted', this.live);
      this.live = undefined;
      this.digest = undefined;
      return;
    }
    const digest = digestOf(entriesOf(this.kind, object));
    if (digest === this.digest && object.metadata.resourceVersion === this.live?.metadata.resourceVersion) return;
    const sent = this.sent.find((candidate) => candidate.digest === digest);
    if (sent !== undefined) this.commit(object, sent);
    else if (digest === this.digest && hasDocumentLabels(this.kind, object) && !object.immutable) this.remember(object);
    else {
      this.drift('edited', object);
      this.adopt(object);
      // Two programs that both insist on their version must not turn the API server into their battlefield.
      const now = this.options.clock.now();
      const again = now - this.lastDrift < DRIFT_PAUSE_MS;
      this.lastDrift = now;
      if (again) await this.pause(DRIFT_PAUSE_MS);
    }
  }

  private drift(change: 'edited' | 'deleted', { metadata }: DocumentObject): void {
    this.forced = true;
    const manager = change === 'edited' ? lastManager(metadata) : undefined;
    this.options.events?.drift?.({
      kind: this.kind,
      shard: this.shard,
      change,
      object: {
        kind: this.kind === 'mappings' ? 'ConfigMap' : 'Secret',
        namespace: this.options.namespace,
        name: this.name,
      },
      ...(manager !== undefined && { manager }),
    });
  }

  private adopt(object: DocumentObject): void {
    this.remember(object);
    this.digest = digestOf(entriesOf(this.kind, object));
    this.highestRevision = Math.max(this.highestRevision, this.content.revisionOf(object));
  }

  /**
   * Whether a watch tells of what was written here. It tells of each version once, and in the order of the writes: what
   * comes after a later one was brought back by a backup.
   */
  private isOwn(version: string): boolean {
    if (!this.own.has(version)) return false;
    for (const written of this.own) {
      if (written === version) break;
      this.own.delete(written);
    }
    return true;
  }

  private remember(object: DocumentObject): void {
    // The texts are not needed again, and are the largest part.
    const { data: _, ...head } = object;
    this.live = head;
    const { resourceVersion } = object.metadata;
    if (resourceVersion === undefined) return;
    // Behind all others, also where it was there before: a backup brought it back.
    this.own.delete(resourceVersion);
    this.own.add(resourceVersion);
    // The watch was faster than the answer.
    if (this.suspect === resourceVersion && this.isOwn(resourceVersion)) this.suspect = undefined;
    if (this.own.size > OWN_VERSIONS) this.own.delete(this.own.values().next().value as string);
  }
}
