import { shardOf } from '@bucketway/contract';
import type { DocumentKind } from '@bucketway/contract';
import { CredentialsShard } from './credentials-shard.js';
import { UnsettledDocumentError } from './document-errors.js';
import { documentObjectName } from './document-names.js';
import { KeyHolders } from './key-holders.js';
import { MappingShard } from './mapping-shard.js';
import type { PublisherOptions } from './publisher-options.js';
import { ShardWriter } from './shard-writer.js';

/** A document and who writes it. */
export interface Shard<Content> {
  readonly content: Content;
  readonly writer: ShardWriter;
}

const SHARD_NUMBER = /^(?:0|[1-9]\d{0,4})$/;

/** Every document, and what one must know of the others before it is written. */
export class DocumentShards {
  readonly mappings = new Map<number, Shard<MappingShard>>();
  readonly credentials = new Map<number, Shard<CredentialsShard>>();
  readonly holders = new KeyHolders();
  /** Documents that were lost while no operator ran: not everything that they must hold is known yet. */
  private readonly unsettled = new Set<string>();

  constructor(private readonly options: PublisherOptions) {
    for (let shard = 0; shard < options.shards; shard++) {
      this.mappingShard(shard);
      this.credentialsShard(shard);
    }
  }

  /** Where a bucket belongs. */
  homeOfBucket(bucket: string): Shard<MappingShard> {
    return this.mappingShard(shardOf(bucket, this.options.shards));
  }

  /** Where a ring belongs. */
  homeOfRing(ring: string): Shard<CredentialsShard> {
    return this.credentialsShard(shardOf(ring, this.options.shards));
  }

  /** By number; there may be more than are configured, of when there were more. */
  mappingShard(shard: number): Shard<MappingShard> {
    let found = this.mappings.get(shard);
    if (found === undefined) {
      const content = new MappingShard(shard, {
        onStored: () => this.dropLeftovers(),
        isStored: (id) => this.isStored(id),
        isWanted: (id) => this.isWanted(id),
        whenStored: (ids) => this.whenStored(ids),
        assertSettled: () => this.assertSettled('mappings', shard),
        assertLost: () => this.assertAllCredentials(),
        isMoving: (bucket, from) => {
          const home = this.homeOfBucket(bucket).content;
          return home.shard !== from && home.wants(bucket) && home.stored(bucket) === undefined;
        },
      });
      found = { content, writer: new ShardWriter('mappings', shard, content, this.options) };
      this.mappings.set(shard, found);
    }
    return found;
  }

  /** By number; there may be more than are configured, of when there were more. */
  credentialsShard(shard: number): Shard<CredentialsShard> {
    let found = this.credentials.get(shard);
    if (found === undefined) {
      const content = new CredentialsShard(shard, {
        onStored: () => this.dropLeftovers(),
        isNeeded: (id, from) => this.isNamed(id) && !this.isHeldElsewhere(id, from),
        isSettled: () => this.unsettled.size === 0,
        isMoving: (ring, from) => {
          const home = this.homeOfRing(ring).content;
          return home.shard !== from && home.entry(ring) !== undefined && !home.hasStored(ring);
        },
      });
      found = { content, writer: new ShardWriter('credentials', shard, content, this.options) };
      this.credentials.set(shard, found);
    }
    return found;
  }

  /** Credentials first, as additions are stored. */
  get writers(): readonly ShardWriter[] {
    return [...this.credentials.values(), ...this.mappings.values()].map(({ writer }) => writer);
  }

  writer(kind: DocumentKind, shard: number): ShardWriter {
    return (kind === 'mappings' ? this.mappingShard(shard) : this.credentialsShard(shard)).writer;
  }

  /** The shard whose object has a name; undefined for other objects. */
  numberOf(kind: DocumentKind, objectName: string): number | undefined {
    const prefix = documentObjectName(this.options.prefix, kind, 0).slice(0, -1);
    const text = objectName.startsWith(prefix) ? objectName.slice(prefix.length) : '';
    return SHARD_NUMBER.test(text) ? Number(text) : undefined;
  }

  /** Whether a ring has a key, so that it is or will be stored. */
  isWanted(accessKeyId: string): boolean {
    return this.holders.has(accessKeyId);
  }

  /** Whether a stored document holds a key, whatever write is under way. */
  isStored(accessKeyId: string): boolean {
    for (const ring of this.holders.holdersOf(accessKeyId)) {
      if (this.homeOfRing(ring).content.holds(accessKeyId)) return true;
    }
    // What no ring has any more lies where it was.
    for (const { content } of this.credentials.values()) if (content.holds(accessKeyId)) return true;
    return false;
  }

  private isHeldElsewhere(accessKeyId: string, from: number): boolean {
    return [...this.credentials.values()].some(({ content }) => content.shard !== from && content.holds(accessKeyId));
  }

  /** Whether a mapping that is stored, or may be, names a key. */
  isNamed(accessKeyId: string): boolean {
    return [...this.mappings.values()].some(({ content }) => content.names(accessKeyId));
  }

  /** The secret of a key that is stored, or may be. */
  secretOf(accessKeyId: string): string | undefined {
    for (const { content } of this.credentials.values()) {
      const secret = content.secretOf(accessKeyId);
      if (secret !== undefined) return secret;
    }
    return undefined;
  }

  /** Resolves when all of these that a ring has are stored. */
  async whenStored(accessKeyIds: Iterable<string>): Promise<void> {
    const writers = new Set<ShardWriter>();
    for (const id of accessKeyIds) {
      if (this.isStored(id)) continue;
      for (const ring of this.holders.holdersOf(id)) writers.add(this.homeOfRing(ring).writer);
    }
    await Promise.all([...writers].map((writer) => writer.request()));
  }

  /** Writes every document that says something else than it should. */
  writeChanged(): void {
    for (const { content, writer } of this.credentials.values()) {
      if (writer.exists || content.entries.size > 0) inBackground(writer.request());
    }
    for (const { content, writer } of this.mappings.values()) {
      if (this.unsettled.has(nameOf('mappings', content.shard))) continue;
      if (writer.exists || content.size > 0) inBackground(writer.request());
    }
  }

  /** Drops keys that no ring has and, by now, no mapping names, and what another shard stored since. */
  private dropLeftovers(): void {
    for (const { content, writer } of [...this.credentials.values(), ...this.mappings.values()]) {
      if (content.hasLeftovers()) inBackground(writer.request());
    }
  }

  markUnsettled(kind: DocumentKind, shard: number): void {
    this.unsettled.add(nameOf(kind, shard));
  }

  get isSettled(): boolean {
    return this.unsettled.size === 0;
  }

  settle(): void {
    this.unsettled.clear();
    this.writeChanged();
  }

  /** @throws UnsettledDocumentError */
  assertSettled(kind: DocumentKind, shard: number): void {
    if (this.unsettled.has(nameOf(kind, shard))) throw new UnsettledDocumentError(kind, shard);
  }

  private assertAllCredentials(): void {
    for (const shard of this.credentials.keys()) this.assertSettled('credentials', shard);
  }
}

/** Lets a write happen: its failure was told by `writeFailed`, and it is tried again. */
export function inBackground(written: Promise<unknown>): void {
  written.catch(() => {});
}

function nameOf(kind: DocumentKind, shard: number): string {
  return `${kind}-${shard}`;
}
