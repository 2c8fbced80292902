import { isAccessKeyId, isSecretAccessKey, KEY_STATES, verify } from '@bucketway/contract';
import type { KeyRecord, KeyRingEntry } from './key-ring-entry.js';
import { isRecord } from '../kube/is-record.js';

/** A ledger as it was stored. */
export interface Ledger {
  readonly revision: number;
  /** By `namespace/secretName`. */
  readonly rings: ReadonlyMap<string, KeyRingEntry>;
}

/** Reads a ledger; undefined where its hash does not hold or it is no ledger. */
export function parseLedger(text: string): Ledger | undefined {
  let plain: { revision?: unknown; keys?: unknown; hash?: unknown };
  try {
    plain = JSON.parse(text) as typeof plain;
  } catch {
    return undefined;
  }
  if (!isRecord(plain) || !verify(plain) || !isRecord(plain.keys)) return undefined;
  if (!Number.isSafeInteger(plain.revision)) return undefined;
  const rings = new Map<string, KeyRingEntry>();
  for (const [name, entry] of Object.entries(plain.keys)) {
    if (!isEntry(entry)) return undefined;
    rings.set(name, entry);
  }
  return { revision: plain.revision as number, rings };
}

function isEntry(value: unknown): value is KeyRingEntry {
  if (!isRecord(value) || typeof value['uid'] !== 'string' || !Number.isSafeInteger(value['serial'])) return false;
  return Array.isArray(value['keys']) && value['keys'].every(isKeyRecord);
}

function isKeyRecord(value: unknown): value is KeyRecord {
  if (!isRecord(value) || !isAccessKeyId(value['accessKeyId']) || !isSecretAccessKey(value['secretAccessKey'])) {
    return false;
  }
  const { serial, state, createdAt, retireAt } = value;
  if (!Number.isSafeInteger(serial) || !KEY_STATES.includes(state as never) || !isTime(createdAt)) return false;
  return state === 'Retiring' ? isTime(retireAt) : true;
}

function isTime(value: unknown): boolean {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value));
}
