import type { DocumentKind } from '@bucketway/contract';
import { recoverKeys } from '../credentials/recover-keys.js';
import type { ConfigMap, Secret } from '../kube/core-objects.js';
import type { DocumentObject } from './document-object.js';
import type { DocumentShards } from './document-shards.js';
import { readCredentials, readMappings } from './load-documents.js';
import type { LoadedDocuments, LostDocument } from './loaded-documents.js';

/** What is stored: objects with documents, and apps' Secrets, where keys are a second time. */
export interface StoredObjects {
  readonly configMaps: Iterable<ConfigMap>;
  readonly secrets: Iterable<Secret>;
  /** Those of the operator, of all namespaces. */
  readonly appSecrets: Iterable<Secret>;
}

/** Takes over what is stored, and marks what is not to be trusted. Nothing is written. */
export function restoreDocuments(shards: DocumentShards, objects: StoredObjects, namespace: string): LoadedDocuments {
  const lost: LostDocument[] = [];
  const restore = (
    kind: DocumentKind,
    found: Iterable<DocumentObject>,
    read: (shard: number, object: DocumentObject) => string | undefined,
  ): void => {
    const numbers = new Set<number>();
    for (const object of found) {
      const shard = shards.numberOf(kind, object.metadata.name);
      if (shard === undefined || object.metadata.namespace !== namespace) continue;
      numbers.add(shard);
      const reason = read(shard, object);
      if (reason !== undefined) lost.push({ kind, shard, reason });
    }
    const known = kind === 'mappings' ? shards.mappings : shards.credentials;
    for (const shard of known.keys()) if (!numbers.has(shard)) lost.push({ kind, shard });
  };
  restore('credentials', objects.secrets, (shard, object) => restoreCredentials(shards, shard, object));
  restore('mappings', objects.configMaps, (shard, object) => restoreMappings(shards, shard, object));
  for (const { kind, shard } of lost) shards.markUnsettled(kind, shard);
  const incumbents = [...shards.mappings.values()].flatMap(({ content }) => content.wanted);
  const recovered = lost.some(({ kind }) => kind === 'credentials') ? recover(shards, objects.appSecrets) : [];
  return {
    incumbents,
    keyRings: new Map([...shards.credentials.values()].flatMap(({ content }) => [...content.entries])),
    missing: lost.filter(({ reason }) => reason === undefined),
    distrusted: lost.filter(({ reason }) => reason !== undefined),
    recovered,
  };
}

function restoreCredentials(shards: DocumentShards, shard: number, object: DocumentObject): string | undefined {
  const { content, writer } = shards.credentialsShard(shard);
  const { document, ledger, reason } = readCredentials(object, shard);
  const stored = { rings: ledger?.rings ?? new Map(), keys: document?.keys ?? new Map() };
  const print = content.restore(stored, ledger?.revision ?? 0, document?.revision ?? 0, document?.hash ?? '');
  for (const [ring, entry] of stored.rings) {
    shards.homeOfRing(ring).content.want(ring, entry, Infinity);
    shards.holders.replace(ring, [], entry.keys);
  }
  writer.restore(object, reason === undefined ? print : undefined);
  // The ledger has all keys: the document is only written again.
  return ledger === undefined ? reason : undefined;
}

function restoreMappings(shards: DocumentShards, shard: number, object: DocumentObject): string | undefined {
  const { content, writer } = shards.mappingShard(shard);
  const stored = readMappings(object, shard);
  if ('reason' in stored) {
    writer.restore(object, undefined);
    return stored.reason;
  }
  const print = content.restore(stored.buckets, stored.revision, stored.hash);
  for (const bucket of stored.buckets) shards.homeOfBucket(bucket.name).content.want(bucket, Infinity);
  writer.restore(object, print);
  return undefined;
}

/** Rings whose ledger is gone come back from apps' Secrets; the id of a key must be one that its namespace had. */
function recover(shards: DocumentShards, appSecrets: Iterable<Secret>): string[] {
  const namespaces = new Map<string, Set<string>>();
  for (const { content } of shards.mappings.values()) {
    for (const { owner, grants } of content.wanted) {
      for (const { accessKeyId } of grants) {
        const owners = namespaces.get(accessKeyId) ?? new Set<string>();
        namespaces.set(accessKeyId, owners.add(owner?.namespace ?? ''));
      }
    }
  }
  const recovered: string[] = [];
  for (const [ring, entry] of recoverKeys(appSecrets, namespaces)) {
    const home = shards.homeOfRing(ring).content;
    const isTaken = entry.keys.some(({ accessKeyId, secretAccessKey }) => {
      const stored = shards.secretOf(accessKeyId);
      return shards.isWanted(accessKeyId) || (stored !== undefined && stored !== secretAccessKey);
    });
    if (home.entry(ring) !== undefined || isTaken) continue;
    home.want(ring, entry, Infinity);
    shards.holders.replace(ring, [], entry.keys);
    recovered.push(ring);
  }
  return recovered;
}
