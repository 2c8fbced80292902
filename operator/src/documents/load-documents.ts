import { parseCredentialsDocument, parseMappingsDocument } from '@bucketway/contract';
import type { DocumentKind, MappedBucket } from '@bucketway/contract';
import type { KeyRingEntry } from '../credentials/key-ring-entry.js';
import { parseLedger } from '../credentials/ledger.js';
import { documentEntry, LEDGER_FILE } from './document-names.js';
import { entriesOf } from './document-object.js';
import type { DocumentObject, Entries } from './document-object.js';

/** A mappings document whose hash holds, or why it does not. */
export type StoredMappings =
  | { readonly buckets: readonly MappedBucket[]; readonly revision: number; readonly hash: string }
  | { readonly reason: string };

/** What is left of a credentials Secret. */
export interface StoredCredentials {
  /** Of the document, if its hash holds. */
  readonly document?: { readonly keys: ReadonlyMap<string, string>; readonly revision: number; readonly hash: string };
  readonly ledger?: { readonly rings: ReadonlyMap<string, KeyRingEntry>; readonly revision: number };
  /** What is wrong with either. */
  readonly reason?: string;
}

/** Reads the ConfigMap of a shard of mappings. */
export function readMappings(object: DocumentObject, shard: number): StoredMappings {
  try {
    const { buckets, revision, hash } = parseMappingsDocument(textOf(entriesOf('mappings', object), 'mappings', shard));
    return { buckets, revision, hash };
  } catch (error) {
    return { reason: (error as Error).message };
  }
}

/** Reads the Secret of a shard of credentials. */
export function readCredentials(object: DocumentObject, shard: number): StoredCredentials {
  const entries = entriesOf('credentials', object);
  const ledger = parseLedger(entries.get(LEDGER_FILE) ?? '');
  const reasons = ledger === undefined ? [`${LEDGER_FILE} is missing or was changed`] : [];
  let document: StoredCredentials['document'];
  try {
    const { keys, revision, hash } = parseCredentialsDocument(textOf(entries, 'credentials', shard));
    const secrets = new Map([...keys].map(([id, { secretAccessKey }]) => [id, secretAccessKey]));
    document = { keys: secrets, revision, hash };
  } catch (error) {
    reasons.push(`${documentEntry('credentials', shard)} ${(error as Error).message}`);
  }
  return {
    ...(document && { document }),
    ...(ledger && { ledger }),
    ...(reasons.length > 0 && { reason: reasons.join('; ') }),
  };
}

// Beyond it there is no room to count on: such a number was never ours.
const MAX_REVISION = 2 ** 52;

/**
 * The revision that a document claims, whether its hash holds or not: gateways may have seen it, so the next one must be
 * higher. 0 for what claims none.
 */
export function claimedRevision(text: string | undefined): number {
  let revision: unknown;
  try {
    revision = (JSON.parse(text ?? 'null') as { revision?: unknown } | null)?.revision;
  } catch {
    return 0;
  }
  return Number.isSafeInteger(revision) && (revision as number) >= 0 && (revision as number) < MAX_REVISION
    ? (revision as number)
    : 0;
}

function textOf(entries: Entries, kind: DocumentKind, shard: number): string {
  return entries.get(documentEntry(kind, shard)) ?? '';
}
