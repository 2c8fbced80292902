import { isAccessKeyId, isSecretAccessKey, MANAGED_LABEL } from '@bucketway/contract';
import type { Secret } from '../kube/core-objects.js';
import { KEY_CREATED_ANNOTATION, keyPairOfSecret, SERIAL_ANNOTATION } from './app-secret.js';
import { newKeyRingUid } from './key-pair.js';
import { keyRingName } from './key-ring-entry.js';
import type { KeyRingEntry } from './key-ring-entry.js';

/**
 * Rebuilds key rings of apps' Secrets, where their ledger was lost: each key lies in both places. Only the key in use
 * comes back; one that was retiring ends with the ledger.
 *
 * Anybody who may write Secrets in a namespace can make one that looks like ours, so a key id counts only for the
 * namespace whose buckets stored mappings give it to; one that no mapping names, only where no second namespace has it.
 *
 * @param namespaces owners of the stored mappings that name a key id
 * @returns by `namespace/secretName`
 */
export function recoverKeys(
  appSecrets: Iterable<Secret>,
  namespaces: ReadonlyMap<string, ReadonlySet<string>>,
): Map<string, KeyRingEntry> {
  const found = [...appSecrets].flatMap(readRing);
  const claims = new Map<string, Set<string>>();
  for (const { accessKeyId, namespace } of found) {
    claims.set(accessKeyId, (claims.get(accessKeyId) ?? new Set<string>()).add(namespace));
  }
  const rings = new Map<string, KeyRingEntry>();
  for (const { ring, accessKeyId, namespace, entry } of found) {
    const owners = namespaces.get(accessKeyId);
    if (owners === undefined ? claims.get(accessKeyId)?.size === 1 : owners.has(namespace)) rings.set(ring, entry);
  }
  return rings;
}

interface FoundRing {
  readonly ring: string;
  readonly namespace: string;
  readonly accessKeyId: string;
  readonly entry: KeyRingEntry;
}

function readRing(secret: Secret): FoundRing[] {
  const { namespace = '', name, labels, annotations, creationTimestamp } = secret.metadata;
  const pair = keyPairOfSecret(secret);
  if (labels?.[MANAGED_LABEL] !== 'true' || pair === undefined) return [];
  if (!isAccessKeyId(pair.accessKeyId) || !isSecretAccessKey(pair.secretAccessKey)) return [];
  const serial = readSerial(annotations?.[SERIAL_ANNOTATION]);
  const createdAt = readTime(annotations?.[KEY_CREATED_ANNOTATION] ?? creationTimestamp);
  const entry: KeyRingEntry = {
    uid: newKeyRingUid(),
    serial,
    keys: [{ ...pair, serial, state: 'Active', createdAt }],
  };
  return [{ ring: keyRingName({ namespace, secretName: name }), namespace, accessKeyId: pair.accessKeyId, entry }];
}

function readSerial(text: string | undefined): number {
  return /^[1-9]\d{0,8}$/.test(text ?? '') ? Number(text) : 1;
}

function readTime(text: string | undefined): string {
  const time = Date.parse(text ?? '');
  return new Date(Number.isNaN(time) ? 0 : time).toISOString();
}
