import { createHash } from 'node:crypto';
import { canonicalJson, MAX_DOCUMENT_BYTES } from '@bucketway/contract';
import type { MappedBucket } from '@bucketway/contract';
import { DocumentTooLargeError } from './document-errors.js';
import { documentEntry } from './document-names.js';
import { entriesOf } from './document-object.js';
import type { DocumentObject } from './document-object.js';
import { claimedRevision } from './load-documents.js';
import type { PublishedRevision } from './published-revision.js';
import { sealText } from './sealed-text.js';
import type { RenderedDocument, ShardContent, ShardDraft } from './shard-content.js';

/** A bucket and its canonical JSON, by which two are compared. */
interface Wanted {
  readonly bucket: MappedBucket;
  readonly text: string;
}

interface Stored extends Wanted {
  readonly since: PublishedRevision;
  /** Stored before this process began: `since` is the version that was found, and not the first that has the bucket. */
  readonly restored: boolean;
}

/** What a shard of mappings asks of everything around it. */
export interface MappingSurroundings {
  /** Whether a stored credentials document holds a key, whatever write is under way. */
  isStored(accessKeyId: string): boolean;
  /** Whether a key ring has a key, so that it will be stored. */
  isWanted(accessKeyId: string): boolean;
  /** Resolves when all of these that a ring has are stored. */
  whenStored(accessKeyIds: Iterable<string>): Promise<void>;
  /** @throws UnsettledDocumentError while not everything that the document must hold is known */
  assertSettled(): void;
  /** @throws UnsettledDocumentError while keys that nobody knows may still be found */
  assertLost(): void;
  /** Whether a bucket belongs to another shard now, which has not stored it yet. */
  isMoving(bucket: string, from: number): boolean;
  /** Another version is stored. */
  onStored(): void;
}

// Braces, version, revision and hash.
const FRAME_BYTES = 256;

/** The buckets of one mappings document: those wanted, and those that are stored. */
export class MappingShard implements ShardContent {
  private readonly wantedBuckets = new Map<string, Wanted>();
  private storedBuckets = new Map<string, Stored>();
  /** Drafts that may be stored. */
  private possible: ReadonlyMap<string, Wanted>[] = [];
  /** Buckets of the last draft that are another shard's. */
  private left: readonly string[] = [];
  private bytes = FRAME_BYTES;
  private storedVersion: PublishedRevision;
  // When a bucket that is gone went, for those who ask again.
  private readonly removed = new Map<string, PublishedRevision>();

  constructor(
    readonly shard: number,
    private readonly surroundings: MappingSurroundings,
  ) {
    this.storedVersion = { kind: 'mappings', shard, revision: 0, hash: '' };
  }

  /** What is stored; revision 0 where nothing is. */
  get version(): PublishedRevision {
    return this.storedVersion;
  }

  /** Takes over a stored document. Returns its fingerprint. */
  restore(buckets: readonly MappedBucket[], revision: number, hash: string): string {
    this.storedVersion = { kind: 'mappings', shard: this.shard, revision, hash };
    this.storedBuckets = new Map();
    for (const bucket of buckets) {
      this.storedBuckets.set(bucket.name, {
        bucket,
        text: canonicalJson(bucket),
        since: this.storedVersion,
        restored: true,
      });
    }
    return fingerprintOf(this.storedBuckets);
  }

  /** @throws DocumentTooLargeError with nothing changed */
  want(bucket: MappedBucket, limit = MAX_DOCUMENT_BYTES): void {
    const text = canonicalJson(bucket);
    const before = this.wantedBuckets.get(bucket.name);
    const bytes = this.bytes + sizeOf(text) - (before === undefined ? 0 : sizeOf(before.text));
    if (bytes > limit && bytes > this.bytes) {
      throw new DocumentTooLargeError('mappings', this.shard, bytes, limit);
    }
    this.bytes = bytes;
    this.wantedBuckets.set(bucket.name, { bucket, text });
    this.removed.delete(bucket.name);
  }

  /** Whether it was wanted. */
  drop(name: string): boolean {
    const before = this.wantedBuckets.get(name);
    if (before === undefined) return false;
    this.bytes -= sizeOf(before.text);
    return this.wantedBuckets.delete(name);
  }

  wants(name: string): boolean {
    return this.wantedBuckets.has(name);
  }

  /** Whether a bucket is stored as it is wanted, or not at all where it is not, whatever write is under way. */
  isCurrent(name: string): boolean {
    const wanted = this.wantedBuckets.get(name)?.text;
    return [this.storedBuckets, ...this.possible].every((buckets) => buckets.get(name)?.text === wanted);
  }

  /** A bucket as it is wanted. */
  wantedBucket(name: string): MappedBucket | undefined {
    return this.wantedBuckets.get(name)?.bucket;
  }

  get wanted(): readonly MappedBucket[] {
    return [...this.wantedBuckets.values()].map(({ bucket }) => bucket);
  }

  get size(): number {
    return this.wantedBuckets.size;
  }

  stored(name: string): Omit<Stored, 'text'> | undefined {
    return this.storedBuckets.get(name);
  }

  /** Since when a bucket is not there. */
  removedSince(name: string): PublishedRevision {
    return this.removed.get(name) ?? this.storedVersion;
  }

  /** Whether a mapping that is stored, or may be, names a key. */
  names(accessKeyId: string): boolean {
    return [this.storedBuckets, ...this.possible].some((buckets) => keysNamedBy(buckets).has(accessKeyId));
  }

  async draft(): Promise<ShardDraft> {
    this.surroundings.assertSettled();
    // Keys that clients use already must not fall out of a document because they are only just being stored again.
    while (this.storedKeys().some((id) => this.isComing(id))) {
      await this.surroundings.whenStored(this.storedKeys());
    }
    const buckets = this.buckets();
    this.left = [...buckets.keys()].filter((name) => !this.wantedBuckets.has(name));
    this.possible.push(buckets);
    return {
      fingerprint: fingerprintOf(buckets),
      render: (next) => this.render(buckets, next),
      dropped: () => (this.possible = this.possible.filter((other) => other !== buckets)),
      stored: (document) => this.commit(buckets, document),
    };
  }

  revisionOf(object: DocumentObject): number {
    return claimedRevision(entriesOf('mappings', object).get(documentEntry('mappings', this.shard)));
  }

  /** Whether the next write drops buckets that are stored elsewhere by now. */
  hasLeftovers(): boolean {
    return this.left.some((name) => !this.wantedBuckets.has(name) && !this.isLeaving(name));
  }

  private isLeaving(name: string): boolean {
    return !this.wantedBuckets.has(name) && this.surroundings.isMoving(name, this.shard);
  }

  private storedKeys(): string[] {
    return [...this.storedBuckets.values()].flatMap(({ bucket }) =>
      bucket.grants.map(({ accessKeyId }) => accessKeyId),
    );
  }

  private isComing(accessKeyId: string): boolean {
    return !this.surroundings.isStored(accessKeyId) && this.surroundings.isWanted(accessKeyId);
  }

  /** What can be stored of what is wanted: no bucket may name a key that no credentials document holds. */
  private buckets(): Map<string, Wanted> {
    const buckets = new Map<string, Wanted>();
    for (const [name, wanted] of this.wantedBuckets) {
      // Its keys come in a moment; until then it stays as it is, and holds up nobody else.
      const waits = wanted.bucket.grants.some(({ accessKeyId }) => this.isComing(accessKeyId));
      const possible = waits ? this.storedBuckets.get(name) : wanted;
      if (possible !== undefined) buckets.set(name, this.withoutLostKeys(possible));
    }
    for (const [name, stored] of this.storedBuckets) {
      if (this.isLeaving(name)) buckets.set(name, this.withoutLostKeys(stored));
    }
    return buckets;
  }

  // A gateway refuses a whole document for one key that is nowhere, so a grant that cannot work is left out.
  private withoutLostKeys(wanted: Wanted): Wanted {
    const { bucket } = wanted;
    const lost = bucket.grants.filter(({ accessKeyId }) => !this.surroundings.isStored(accessKeyId));
    if (lost.length === 0) return wanted;
    this.surroundings.assertLost();
    const plain: Pick<MappedBucket, keyof MappedBucket> = bucket;
    const usable = { ...plain, grants: bucket.grants.filter((grant) => !lost.includes(grant)) };
    return { bucket: usable, text: canonicalJson(usable) };
  }

  private render(buckets: ReadonlyMap<string, Wanted>, revision: number): RenderedDocument {
    const texts = [...buckets.keys()].toSorted().map((name) => (buckets.get(name) as Wanted).text);
    const { text, hash } = sealText('buckets', `[${texts.join(',')}]`, revision);
    return { entries: new Map([[documentEntry('mappings', this.shard), text]]), revision, hash };
  }

  private commit(buckets: ReadonlyMap<string, Wanted>, { revision, hash }: RenderedDocument): void {
    const version = { kind: 'mappings', shard: this.shard, revision, hash } as const;
    const stored = new Map<string, Stored>();
    for (const [name, { bucket, text }] of buckets) {
      const before = this.storedBuckets.get(name);
      stored.set(name, before?.text === text ? before : { bucket, text, since: version, restored: false });
    }
    for (const name of this.storedBuckets.keys()) if (!stored.has(name)) this.noteRemoval(name, version);
    this.storedBuckets = stored;
    this.storedVersion = version;
    this.possible = [];
    this.surroundings.onStored();
  }

  private noteRemoval(name: string, version: PublishedRevision): void {
    this.removed.delete(name);
    this.removed.set(name, version);
    if (this.removed.size > MAX_REMOVED) this.removed.delete(this.removed.keys().next().value as string);
  }
}

const MAX_REMOVED = 10_000;

function sizeOf(text: string): number {
  return Buffer.byteLength(text) + 1;
}

const NAMED = new WeakMap<ReadonlyMap<string, Wanted>, ReadonlySet<string>>();

/** Looked up for one key after the other while many go: made once for each version. */
function keysNamedBy(buckets: ReadonlyMap<string, Wanted>): ReadonlySet<string> {
  let named = NAMED.get(buckets);
  if (named === undefined) {
    const keys = [...buckets.values()].flatMap(({ bucket }) => bucket.grants.map(({ accessKeyId }) => accessKeyId));
    NAMED.set(buckets, (named = new Set(keys)));
  }
  return named;
}

function fingerprintOf(buckets: ReadonlyMap<string, Wanted>): string {
  const hash = createHash('sha256');
  for (const name of [...buckets.keys()].toSorted()) hash.update(`${(buckets.get(name) as Wanted).text}\n`);
  return hash.digest('base64');
}
