import { createHash } from 'node:crypto';
import { canonicalJson, MAX_DOCUMENT_BYTES } from '@bucketway/contract';
import type { KeyPair } from '../credentials/key-plan.js';
import type { KeyRingEntry } from '../credentials/key-ring-entry.js';
import { DocumentTooLargeError } from './document-errors.js';
import { documentEntry, LEDGER_FILE } from './document-names.js';
import { entriesOf } from './document-object.js';
import type { DocumentObject } from './document-object.js';
import { claimedRevision } from './load-documents.js';
import type { PublishedRevision } from './published-revision.js';
import { canonicalObject, canonicalTextOf, sealText } from './sealed-text.js';
import type { RenderedDocument, ShardContent, ShardDraft } from './shard-content.js';

interface StoredRing {
  /** The key pairs alone, by which two versions are compared. */
  readonly pairs: string;
  readonly since: PublishedRevision;
}

interface Content {
  readonly rings: ReadonlyMap<string, KeyRingEntry>;
  /** Secrets by access key id: those of the rings, and those that mappings still name. */
  readonly keys: ReadonlyMap<string, string>;
}

const EMPTY: Content = { rings: new Map(), keys: new Map() };

// Room for keys that no ring has any more and mappings still name, beside what every document has around its content.
const SLACK_BYTES = 16 * 1024;

/** What a shard of credentials asks of everything around it. */
export interface CredentialsSurroundings {
  /** Whether a mapping that is stored, or may be, names a key that no other shard holds. */
  isNeeded(accessKeyId: string, from: number): boolean;
  /** Whether a ring belongs to another shard now, which has not stored it yet. */
  isMoving(ring: string, from: number): boolean;
  /** Another version is stored. */
  onStored(): void;
  /** Whether keys may be dropped: not before everybody said which they need. */
  isSettled(): boolean;
}

/** The key rings of one credentials Secret: those wanted, and those that are stored. */
export class CredentialsShard implements ShardContent {
  private readonly wanted = new Map<string, KeyRingEntry>();
  private content: Content = EMPTY;
  private stored = new Map<string, StoredRing>();
  /** Key ids that are stored and belong to no stored ring. */
  private leftovers: readonly string[] = [];
  /** Rings of the last draft that are another shard's. */
  private left: readonly string[] = [];
  /** Contents that may be stored. */
  private possible: Content[] = [];
  private bytes = SLACK_BYTES;
  private ledgerRevision = 0;
  private storedVersion: PublishedRevision;

  constructor(
    readonly shard: number,
    private readonly surroundings: CredentialsSurroundings,
  ) {
    this.storedVersion = { kind: 'credentials', shard, revision: 0, hash: '' };
  }

  /** What is stored; revision 0 where nothing is. */
  get version(): PublishedRevision {
    return this.storedVersion;
  }

  /** Takes over what is stored. Returns its fingerprint. */
  restore(content: Content, ledgerRevision: number, revision: number, hash: string): string {
    this.storedVersion = { kind: 'credentials', shard: this.shard, revision, hash };
    this.ledgerRevision = ledgerRevision;
    this.take(content, this.storedVersion);
    return fingerprintOf(content);
  }

  /** @throws DocumentTooLargeError with nothing changed */
  want(ring: string, entry: KeyRingEntry, limit = MAX_DOCUMENT_BYTES): void {
    const before = this.wanted.get(ring);
    const bytes = this.bytes + sizeOf(ring, entry) - (before === undefined ? 0 : sizeOf(ring, before));
    // A ring may always shrink, and keys may always change their state.
    const grows = entry.keys.length > (before?.keys.length ?? 0);
    if (grows && bytes > limit) {
      throw new DocumentTooLargeError('credentials', this.shard, bytes, limit);
    }
    this.bytes = bytes;
    this.wanted.set(ring, entry);
  }

  drop(ring: string): void {
    const before = this.wanted.get(ring);
    if (before === undefined) return;
    this.bytes -= sizeOf(ring, before);
    this.wanted.delete(ring);
  }

  entry(ring: string): KeyRingEntry | undefined {
    return this.wanted.get(ring);
  }

  get entries(): ReadonlyMap<string, KeyRingEntry> {
    return this.wanted;
  }

  /** Whether what is wanted of a ring is stored, whatever write is under way. */
  isCurrent(ring: string): boolean {
    const wanted = this.wanted.get(ring);
    const text = wanted && canonicalTextOf(wanted);
    return [this.content, ...this.possible].every(({ rings }) => {
      const entry = rings.get(ring);
      return (entry && canonicalTextOf(entry)) === text;
    });
  }

  hasStored(ring: string): boolean {
    return this.stored.has(ring);
  }

  /** Since when the keys of a ring are as they are; of a ring that is gone, the newest version. */
  since(ring: string): PublishedRevision {
    return this.stored.get(ring)?.since ?? this.storedVersion;
  }

  /** Whether a key is stored and stays so whatever write is under way. */
  holds(accessKeyId: string): boolean {
    // Asked for every key of every version of a document.
    return this.content.keys.has(accessKeyId) && this.possible.every(({ keys }) => keys.has(accessKeyId));
  }

  /** The secret of a key that is stored, or may be. */
  secretOf(accessKeyId: string): string | undefined {
    for (const { keys } of [this.content, ...this.possible]) {
      const secret = keys.get(accessKeyId);
      if (secret !== undefined) return secret;
    }
    return undefined;
  }

  draft(): ShardDraft {
    const content = this.contentToStore();
    this.left = [...content.rings.keys()].filter((ring) => !this.wanted.has(ring));
    this.possible.push(content);
    return {
      fingerprint: fingerprintOf(content),
      render: (next, current) => this.render(content, next, current),
      dropped: () => (this.possible = this.possible.filter((other) => other !== content)),
      stored: (document) => this.commit(content, document),
    };
  }

  revisionOf(object: DocumentObject): number {
    const entries = entriesOf('credentials', object);
    this.ledgerRevision = Math.max(this.ledgerRevision, claimedRevision(entries.get(LEDGER_FILE)));
    return claimedRevision(entries.get(documentEntry('credentials', this.shard)));
  }

  /** Whether the next write drops keys that no ring has and no mapping names any more, or rings that moved. */
  hasLeftovers(): boolean {
    const gone = (ring: string): boolean => !this.wanted.has(ring) && !this.surroundings.isMoving(ring, this.shard);
    return this.leftovers.some((id) => !this.isKept(id)) || this.left.some(gone);
  }

  private isKept(accessKeyId: string): boolean {
    return !this.surroundings.isSettled() || this.surroundings.isNeeded(accessKeyId, this.shard);
  }

  private contentToStore(): Content {
    const rings = new Map(this.wanted);
    for (const [ring, entry] of this.content.rings) {
      if (!rings.has(ring) && this.surroundings.isMoving(ring, this.shard)) rings.set(ring, entry);
    }
    const keys = new Map<string, string>();
    for (const { keys: records } of rings.values()) {
      for (const { accessKeyId, secretAccessKey } of records) keys.set(accessKeyId, secretAccessKey);
    }
    for (const [id, secret] of this.content.keys) {
      if (!keys.has(id) && this.isKept(id)) keys.set(id, secret);
    }
    return { rings, keys };
  }

  private render({ rings, keys }: Content, next: number, current: number | undefined): RenderedDocument {
    // Volumes change only with what gateways read: the state of a key alone is no new revision.
    const revision = current !== undefined && sameKeys(keys, this.content.keys) ? current : next;
    const document = sealText('keys', keyStoreText(keys), revision);
    const ledger = sealText('keys', ledgerText(rings), this.ledgerRevision + 1);
    const entries = new Map([
      [documentEntry('credentials', this.shard), document.text],
      [LEDGER_FILE, ledger.text],
    ]);
    return { entries, revision, hash: document.hash };
  }

  private commit(content: Content, { revision, hash }: RenderedDocument): void {
    this.storedVersion = { kind: 'credentials', shard: this.shard, revision, hash };
    this.ledgerRevision++;
    this.take(content, this.storedVersion);
    this.possible = [];
    this.surroundings.onStored();
  }

  private take(content: Content, version: PublishedRevision): void {
    const stored = new Map<string, StoredRing>();
    for (const [ring, entry] of content.rings) {
      const pairs = pairsOf(entry.keys);
      const before = this.stored.get(ring);
      const since = before?.pairs === pairs ? before.since : version;
      stored.set(ring, { pairs, since });
    }
    const ofRings = new Set([...content.rings.values()].flatMap(({ keys }) => keys.map((key) => key.accessKeyId)));
    this.leftovers = [...content.keys.keys()].filter((id) => !ofRings.has(id));
    this.content = content;
    this.stored = stored;
  }
}

function keyStoreText(keys: ReadonlyMap<string, string>): string {
  return canonicalObject([...keys].map(([id, secret]) => [id, `{"secretAccessKey":${JSON.stringify(secret)}}`]));
}

function ledgerText(rings: ReadonlyMap<string, KeyRingEntry>): string {
  return canonicalObject([...rings].map(([ring, entry]) => [ring, canonicalTextOf(entry)]));
}

function sameKeys(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([id, secret]) => b.get(id) === secret);
}

function pairsOf(keys: readonly KeyPair[]): string {
  return canonicalJson(
    Object.fromEntries(keys.map(({ accessKeyId, secretAccessKey }) => [accessKeyId, secretAccessKey])),
  );
}

function sizeOf(ring: string, entry: KeyRingEntry): number {
  const keys = new Map(entry.keys.map(({ accessKeyId, secretAccessKey }) => [accessKeyId, secretAccessKey]));
  return keyStoreText(keys).length + ring.length + Buffer.byteLength(canonicalTextOf(entry));
}

function fingerprintOf({ rings, keys }: Content): string {
  return createHash('sha256').update(ledgerText(rings)).update(keyStoreText(keys)).digest('base64');
}
