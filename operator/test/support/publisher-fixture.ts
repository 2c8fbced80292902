import { parseCredentialsDocument, parseMappingsDocument } from '@bucketway/contract';
import type { DocumentKind, MappedBucket } from '@bucketway/contract';
import { issueKeyPair } from '../../src/credentials/key-pair.js';
import type { KeyRecord, KeyRingEntry, KeyRingRef } from '../../src/credentials/key-ring-entry.js';
import { parseLedger } from '../../src/credentials/ledger.js';
import { entriesOf } from '../../src/documents/document-object.js';
import type { DocumentObject } from '../../src/documents/document-object.js';
import { DocumentPublisher } from '../../src/documents/document-publisher.js';
import type { Drift } from '../../src/documents/drift.js';
import type { PublisherOptions } from '../../src/documents/publisher-options.js';
import type { RemovalHold } from '../../src/documents/removal-guard.js';
import type { ConfigMap, Secret } from '../../src/kube/core-objects.js';
import { ManualClock } from './manual-clock.js';
import { MemoryDocumentApi } from './memory-document-api.js';

export const NAMESPACE = 'storage';

/** A publisher over documents in memory. */
export class PublisherFixture {
  readonly drifts: Drift[] = [];
  readonly holds: RemovalHold[] = [];
  readonly failures: unknown[] = [];
  readonly publisher: DocumentPublisher;

  constructor(
    readonly api = new MemoryDocumentApi(),
    readonly clock = new ManualClock(),
    options: Partial<PublisherOptions> = {},
  ) {
    this.publisher = new DocumentPublisher({
      api,
      clock,
      namespace: NAMESPACE,
      prefix: 'bw',
      shards: 1,
      removals: { holdMs: 60_000, minimumBuckets: 10, percent: 20 },
      events: {
        drift: (drift) => void this.drifts.push(drift),
        removalsHeld: (hold) => void this.holds.push(hold),
        writeFailed: (_, error) => void this.failures.push(error),
      },
      ...options,
    });
  }

  /** Loads what is stored, as an operator that starts, and follows it by a watch that tells at once. */
  start(appSecrets: Secret[] = []): ReturnType<DocumentPublisher['load']> {
    const loaded = this.publisher.load({
      configMaps: this.api.list<ConfigMap>('configmaps'),
      secrets: this.api.list<Secret>('secrets'),
      appSecrets,
    });
    this.api.onStored = (key, object) => {
      const [plural, , name = ''] = key.split('/');
      this.publisher.observe(plural === 'configmaps' ? 'mappings' : 'credentials', name, object);
    };
    return loaded;
  }

  /** The buckets of a stored document, with the keys that they name. */
  mapped(shard = 0): Record<string, string[]> {
    const { buckets } = parseMappingsDocument(this.text('mappings', shard));
    return Object.fromEntries(buckets.map(({ name, grants }) => [name, grants.map(({ accessKeyId }) => accessKeyId)]));
  }

  /** The key ids of a stored document. */
  keys(shard = 0): string[] {
    return [...parseCredentialsDocument(this.text('credentials', shard)).keys.keys()].toSorted();
  }

  ledger(shard = 0): ReadonlyMap<string, KeyRingEntry> {
    return parseLedger(this.text('credentials', shard, 'ledger.json'))?.rings ?? new Map();
  }

  revision(kind: DocumentKind, shard = 0): number {
    return (JSON.parse(this.text(kind, shard)) as { revision: number }).revision;
  }

  text(kind: DocumentKind, shard = 0, entry = `${kind}-${shard}.json`): string {
    const object = this.api.objects.get(keyOfDocument(kind, shard)) as DocumentObject;
    return entriesOf(kind, object).get(entry) as string;
  }
}

/** The key of a document's object in {@link MemoryDocumentApi}. */
export function keyOfDocument(kind: DocumentKind, shard = 0): string {
  return `${kind === 'mappings' ? 'configmaps' : 'secrets'}/${NAMESPACE}/bw-${kind}-${shard}`;
}

export function mappedBucket(name: string, ...accessKeyIds: string[]): MappedBucket {
  return {
    name,
    path: `/${name}`,
    owner: { namespace: 'team-a', name, uid: `uid-${name}` },
    grants: accessKeyIds.map((accessKeyId) => ({ accessKeyId, mode: 'read-write' })),
  };
}

export function keyRing(...accessKeyIds: string[]): KeyRingEntry {
  const keys = accessKeyIds.map((accessKeyId, index): KeyRecord => ({
    accessKeyId,
    secretAccessKey: `secret-of-${accessKeyId}`,
    serial: index + 1,
    state: index === 0 ? 'Active' : 'Pending',
    createdAt: '2026-01-01T00:00:00.000Z',
  }));
  return { uid: 'a'.repeat(32), serial: keys.length, keys };
}

export function ringRef(secretName: string, namespace = 'team-a'): KeyRingRef {
  return { namespace, secretName };
}

/** A key pair as they are issued, for rings that are only looked at. */
export const SOME_PAIR = issueKeyPair('0'.repeat(32), 1);
