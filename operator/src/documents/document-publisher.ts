import type { DocumentKind, MappedBucket } from '@bucketway/contract';
import type { KeyPair } from '../credentials/key-plan.js';
import { newKeyRingUid } from '../credentials/key-pair.js';
import { retiredKey } from '../credentials/retired-key.js';
import { keyRingName, parseKeyRingName } from '../credentials/key-ring-entry.js';
import type { KeyRingEntry, KeyRingRef } from '../credentials/key-ring-entry.js';
import {
  KeyIdTakenError,
  PublisherStoppedError,
  RemovalHeldError,
  SupersededError,
  UnknownKeyError,
} from './document-errors.js';
import type { DocumentObject } from './document-object.js';
import { DocumentShards, inBackground } from './document-shards.js';
import type { LoadedDocuments } from './loaded-documents.js';
import type { PublishedRevision } from './published-revision.js';
import type { PublisherOptions } from './publisher-options.js';
import { RemovalGuard } from './removal-guard.js';
import { restoreDocuments } from './restore-documents.js';
import type { StoredObjects } from './restore-documents.js';

/** What is stored of a bucket. */
export interface PublishedMapping {
  readonly bucket: MappedBucket;
  /** Gateways that have this version of the document, or a later one, serve the bucket as it is here. */
  readonly since: PublishedRevision;
  /** It was there when this process began, and `since` is only the version that was found. */
  readonly restored: boolean;
}

const ATTEMPTS = 5;

/**
 * The single writer of the documents that gateways mount, and of the ledger of keys. It holds in memory what every shard
 * should say, and keeps the objects so whatever happens to them.
 *
 * A mapping is stored only when a stored credentials document holds every key that it names, and a key stays in its
 * document for as long as a stored mapping names it. Promises resolve when a version with the change is stored, and
 * reject when a write fails: the change is kept and tried again all the same.
 */
export class DocumentPublisher {
  private readonly documentShards: DocumentShards;
  private readonly guard: RemovalGuard;
  private stopped = false;

  constructor(private readonly options: PublisherOptions) {
    const release = (names: readonly string[]): void => {
      for (const name of names) this.remove(name);
    };
    const { removals, clock, events } = options;
    this.documentShards = new DocumentShards(options);
    this.guard = new RemovalGuard(removals, clock, release, (hold) => events?.removalsHeld?.(hold));
  }

  /**
   * Takes over what is stored, and writes what is not as it should be. Once, before anything else, with the objects of
   * `DOCUMENT_SELECTOR`. Documents of mappings that were lost are not written before {@link settle}: with only some of
   * their buckets they would end the others.
   */
  load(objects: StoredObjects): LoadedDocuments {
    const loaded = restoreDocuments(this.documentShards, objects, this.options.namespace);
    this.documentShards.writeChanged();
    return loaded;
  }

  /** Every S3Bucket was looked at since `load`: documents that were lost may be written, and keys nobody has go. */
  settle(): void {
    this.documentShards.settle();
  }

  /** Whether no document was lost, or {@link settle} was called since. */
  get isSettled(): boolean {
    return this.documentShards.isSettled;
  }

  /**
   * Stores a bucket, in place of one of its name, once its keys are stored.
   *
   * @throws UnknownKeyError, DocumentTooLargeError with nothing changed
   * @throws UnsettledDocumentError, SupersededError, KubeError; the change is kept
   */
  async setMapping(bucket: MappedBucket): Promise<PublishedRevision> {
    this.assertRunning();
    const { name } = bucket;
    const keys = bucket.grants.map(({ accessKeyId }) => accessKeyId);
    for (const id of keys) {
      if (!this.documentShards.isWanted(id) && !this.documentShards.isStored(id)) throw new UnknownKeyError(name, id);
    }
    const { content, writer } = this.documentShards.homeOfBucket(name);
    content.want(bucket);
    this.guard.forget(name);
    this.documentShards.assertSettled('mappings', content.shard);
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      if (content.isCurrent(name)) return (content.stored(name) as PublishedMapping).since;
      await this.documentShards.whenStored(keys);
      await writer.request();
    }
    throw new SupersededError(`the mapping of ${name} was changed again before it was stored`);
  }

  /**
   * Removes a bucket. Asked for again, it tells the same revision.
   *
   * @throws RemovalHeldError where many vanish at once; the removal goes ahead by itself when the hold is over
   * @throws UnsettledDocumentError, SupersededError, KubeError; the change is kept
   */
  async removeMapping(name: string): Promise<PublishedRevision> {
    this.assertRunning();
    const { content, writer } = this.documentShards.homeOfBucket(name);
    if (content.wants(name)) {
      const holdMs = this.guard.judge(name, this.count());
      if (holdMs > 0) throw new RemovalHeldError(name, holdMs);
      this.guard.forget(name);
      content.drop(name);
    }
    this.documentShards.assertSettled('mappings', content.shard);
    for (let attempt = 1; attempt <= ATTEMPTS && !content.wants(name); attempt++) {
      if (content.isCurrent(name)) return content.removedSince(name);
      await writer.request();
    }
    throw new SupersededError(`the mapping of ${name} was set again before it was removed`);
  }

  /** What is stored of a bucket, and since when; undefined before the first time. */
  mapping(name: string): PublishedMapping | undefined {
    return this.documentShards.homeOfBucket(name).content.stored(name);
  }

  /** Every bucket that is stored or about to be. */
  mappings(): readonly MappedBucket[] {
    return [...this.documentShards.mappings.values()].flatMap(({ content }) => content.wanted);
  }

  /** The one of {@link mappings} that has a name. */
  wantedMapping(name: string): MappedBucket | undefined {
    return this.documentShards.homeOfBucket(name).content.wantedBucket(name);
  }

  /** How many removals are held. */
  get heldRemovals(): number {
    return this.guard.size;
  }

  /**
   * Milliseconds for which {@link removeMapping} would hold a removal, for whoever has to do something before it; 0 where
   * it may go ahead. After the hold nothing goes ahead by itself.
   *
   * @param isMeant whether somebody said that this one is to go, however many go with it
   */
  removalHoldMs(name: string, isMeant: boolean): number {
    if (!this.documentShards.homeOfBucket(name).content.wants(name)) return 0;
    if (isMeant) this.guard.allow(name);
    return this.guard.ask(name, this.count());
  }

  /** Stores the keys of a ring. @see updateKeys */
  setKeys(ref: KeyRingRef, entry: KeyRingEntry): Promise<PublishedRevision> {
    return this.updateKeys(ref, () => entry);
  }

  /** Removes a ring with all of its keys. @see updateKeys */
  removeKeys(ref: KeyRingRef): Promise<PublishedRevision> {
    return this.updateKeys(ref, () => undefined);
  }

  /**
   * Stores what `change` makes of the newest entry of a ring; undefined removes it. Keys that a stored mapping names stay
   * in the document until none does, whatever becomes of the ring. The revision is that since which gateways can find
   * the keys.
   *
   * @throws KeyIdTakenError, DocumentTooLargeError with nothing changed
   * @throws SupersededError, KubeError; the change is kept
   */
  async updateKeys(
    ref: KeyRingRef,
    change: (entry: KeyRingEntry | undefined) => KeyRingEntry | undefined,
  ): Promise<PublishedRevision> {
    this.assertRunning();
    const ring = keyRingName(ref);
    const { content, writer } = this.documentShards.homeOfRing(ring);
    const before = content.entry(ring);
    const next = change(before);
    for (const key of next?.keys ?? []) if (this.isKeyTaken(ref, key)) throw new KeyIdTakenError(key.accessKeyId);
    if (next === undefined) content.drop(ring);
    else content.want(ring, next);
    this.documentShards.holders.replace(ring, before?.keys ?? [], next?.keys ?? []);
    // What was asked for may be replaced before it is written: only what is wanted by then is told of as stored.
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      if (content.isCurrent(ring)) return content.since(ring);
      await writer.request();
    }
    throw new SupersededError(`the keys of ${ring} were changed again before they were stored`);
  }

  /** The newest entry of a ring, stored or about to be. */
  keys(ref: KeyRingRef): KeyRingEntry | undefined {
    const ring = keyRingName(ref);
    return this.documentShards.homeOfRing(ring).content.entry(ring);
  }

  /** Since when gateways can find the keys of a ring as they are; undefined while they are being stored. */
  keysSince(ref: KeyRingRef): PublishedRevision | undefined {
    const ring = keyRingName(ref);
    const { content } = this.documentShards.homeOfRing(ring);
    return content.entry(ring) !== undefined && content.isCurrent(ring) ? content.since(ring) : undefined;
  }

  /** Every ring that is stored or about to be. */
  keyRings(): readonly (readonly [KeyRingRef, KeyRingEntry])[] {
    const entries = [...this.documentShards.credentials.values()].flatMap(({ content }) => [...content.entries]);
    return entries.map(([ring, entry]) => [parseKeyRingName(ring), entry]);
  }

  /** Rings with a key that a stored mapping names. */
  ringsOf(bucketName: string): readonly KeyRingRef[] {
    const grants = this.mapping(bucketName)?.bucket.grants ?? [];
    const rings = grants.flatMap(({ accessKeyId }) => [...this.documentShards.holders.holdersOf(accessKeyId)]);
    return [...new Set(rings)].map(parseKeyRingName);
  }

  /** Rings none of whose keys a mapping names that is stored, or may be. */
  unnamedRings(): readonly KeyRingRef[] {
    const isUnnamed = ({ keys }: KeyRingEntry): boolean =>
      !keys.some(({ accessKeyId }) => this.documentShards.isNamed(accessKeyId));
    return this.keyRings().flatMap(([ref, entry]) => (isUnnamed(entry) ? [ref] : []));
  }

  /**
   * Whether a ring cannot have a key: its id belongs to another namespace, to another ring with another secret, or to a
   * ring that is gone and that mappings still name.
   */
  isKeyTaken(ref: KeyRingRef, key: KeyPair): boolean {
    if (this.documentShards.holders.isTaken(ref, key)) return true;
    if (this.documentShards.isWanted(key.accessKeyId)) return false;
    const left = this.documentShards.secretOf(key.accessKeyId);
    return left !== undefined && left !== key.secretAccessKey;
  }

  /** Documents of each kind. */
  get shards(): number {
    return this.options.shards;
  }

  /** The newest stored version of a document; its revision is 0 where there is none. */
  version(kind: DocumentKind, shard: number): PublishedRevision {
    const { content } =
      kind === 'mappings' ? this.documentShards.mappingShard(shard) : this.documentShards.credentialsShard(shard);
    return content.version;
  }

  /** The newest stored version of every document that there is. */
  revisions(): readonly PublishedRevision[] {
    const { credentials, mappings } = this.documentShards;
    const versions = [...credentials.values(), ...mappings.values()].map(({ content }) => content.version);
    return versions.filter(({ revision }) => revision > 0);
  }

  /** The revision of {@link version}. */
  revisionOf(kind: DocumentKind, shard: number): number {
    return this.version(kind, shard).revision;
  }

  /**
   * Writes a document again above a revision that gateways have, where the stored one is not above it: the API server's
   * data came back from a backup, or the object was deleted while no operator ran.
   *
   * @throws KubeError, UnsettledDocumentError; the change is kept
   */
  async raiseRevisionsAbove(kind: DocumentKind, shard: number, revision: number): Promise<PublishedRevision> {
    this.assertRunning();
    await this.documentShards.writer(kind, shard).raiseAbove(revision);
    return this.version(kind, shard);
  }

  /**
   * Takes these keys out of the mappings of a shard, and ends them in their rings. Resolves when the latter is stored, so
   * that no later process takes them up again.
   *
   * @throws KubeError; the change is kept
   */
  async withdrawKeys(shard: number, ids: ReadonlySet<string>, at: Date): Promise<void> {
    this.assertRunning();
    for (const bucket of this.documentShards.mappingShard(shard).content.wanted) {
      const plain: Pick<MappedBucket, keyof MappedBucket> = bucket;
      const grants = bucket.grants.filter(({ accessKeyId }) => !ids.has(accessKeyId));
      if (grants.length < bucket.grants.length) inBackground(this.setMapping({ ...plain, grants }));
    }
    const rings = this.keyRings().filter(([, { keys }]) => keys.some(({ accessKeyId }) => ids.has(accessKeyId)));
    await Promise.all(
      rings.map(([ref, entry]) => {
        const keys = entry.keys.map((key) => (ids.has(key.accessKeyId) ? retiredKey(key, at) : key));
        return this.setKeys(ref, { ...entry, keys });
      }),
    );
  }

  /** Gives every ring another uid: a serial that is given out again must not make a key id that somebody has. */
  renewKeyIds(): void {
    for (const [ref, entry] of this.keyRings()) inBackground(this.setKeys(ref, { ...entry, uid: newKeyRingUid() }));
  }

  /** A watch's view of one of the objects; undefined where it was deleted. */
  observe(kind: DocumentKind, name: string, object: DocumentObject | undefined): void {
    const shard = this.documentShards.numberOf(kind, name);
    if (shard !== undefined) this.documentShards.writer(kind, shard).observe(object);
  }

  /** Resolves when nothing is being written. */
  async idle(): Promise<void> {
    const { writers } = this.documentShards;
    while (writers.some((writer) => writer.isWriting)) await Promise.all(writers.map((writer) => writer.idle()));
  }

  /** Writes no more; what waits is rejected with PublisherStoppedError. A write under way may still be stored. */
  stop(): void {
    this.stopped = true;
    this.guard.stop();
    for (const writer of this.documentShards.writers) writer.stop();
  }

  private remove(name: string): void {
    const { content, writer } = this.documentShards.homeOfBucket(name);
    this.guard.forget(name);
    if (content.drop(name)) inBackground(writer.request());
  }

  private count(): number {
    return [...this.documentShards.mappings.values()].reduce((sum, { content }) => sum + content.size, 0);
  }

  private assertRunning(): void {
    if (this.stopped) throw new PublisherStoppedError();
  }
}
