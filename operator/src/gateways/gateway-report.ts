import { isDeepStrictEqual } from 'node:util';
import type { DocumentKind } from '@bucketway/contract';

/** What a gateway says of one document. */
export interface ReportedDocument {
  readonly kind: DocumentKind;
  readonly shard: number;
  /** In force in all its processes; undefined before the first. */
  readonly revision?: number;
  /** Of the content of that revision. */
  readonly hash?: string;
  /** Why what it found last is not in force. */
  readonly refused?: string;
  /** Buckets of it that are not in force as it says, and why. */
  readonly leftOut?: ReadonlyMap<string, string>;
}

/** What a gateway says of one storage of its tree. */
export interface ReportedStorage {
  /** Absolute path in the tree. */
  readonly mount: string;
  readonly kind: string;
  readonly available: boolean;
  /** Why it is not. */
  readonly detail?: string;
}

/** What a gateway's `/status` says, as far as the operator needs it. */
export interface GatewayReport {
  /** By {@link documentKey}. */
  readonly documents: ReadonlyMap<string, ReportedDocument>;
  readonly storages: readonly ReportedStorage[];
}

/** What tells a document from all others. */
export function documentKey(kind: DocumentKind, shard: number | string): string {
  return `${kind}-${shard}`;
}

interface StatusBody {
  readonly configuration?: {
    readonly generation?: unknown;
    readonly documents?: unknown;
  };
  readonly workers?: unknown;
  readonly storages?: unknown;
}

interface StatusStorage {
  readonly mount?: unknown;
  readonly kind?: unknown;
  readonly state?: unknown;
  readonly detail?: unknown;
}

interface StatusDocument {
  readonly kind?: unknown;
  readonly shard?: unknown;
  readonly revision?: unknown;
  readonly hash?: unknown;
  readonly refused?: unknown;
  readonly leftOut?: unknown;
}

/**
 * Reads the answer of `/status`. A revision counts only once every serving process has the snapshot that holds it: the
 * supervisor reads documents first and hands them on.
 *
 * @throws Error where it is not such an answer
 */
export function parseGatewayReport(body: unknown, before: GatewayReport | undefined): GatewayReport {
  const { configuration, workers, storages } = (body ?? {}) as StatusBody;
  if (!Array.isArray(configuration?.documents) || !Array.isArray(workers)) {
    throw new Error('the answer of /status has no documents or no workers: is this port a gateway of Bucketway?');
  }
  const everywhere = workers.every((worker) => isCurrent(worker, configuration.generation));
  const documents = new Map<string, ReportedDocument>();
  for (const { kind, shard, revision, hash, refused, leftOut } of configuration.documents as StatusDocument[]) {
    const documentKind = kind === 'credentials' ? 'credentials' : 'mappings';
    const key = documentKey(documentKind, String(shard));
    const known = everywhere ? { revision, hash } : (before?.documents.get(key) ?? {});
    documents.set(key, {
      kind: documentKind,
      shard: Number(shard),
      ...(typeof known.revision === 'number' && { revision: known.revision }),
      ...(typeof known.hash === 'string' && { hash: known.hash }),
      ...(typeof refused === 'string' && { refused }),
      ...(Array.isArray(leftOut) && { leftOut: new Map(leftOut.map(toLeftOut)) }),
    });
  }
  return { documents, storages: Array.isArray(storages) ? storages.map(toStorage) : [] };
}

function toLeftOut(part: unknown): [string, string] {
  const { bucket, reason } = (part ?? {}) as { readonly bucket?: unknown; readonly reason?: unknown };
  return [String(bucket), String(reason)];
}

function toStorage(storage: unknown): ReportedStorage {
  const { mount, kind, state, detail } = (storage ?? {}) as StatusStorage;
  return {
    mount: String(mount),
    kind: String(kind),
    available: state !== 'unavailable',
    ...(typeof detail === 'string' && { detail }),
  };
}

// A process that is being replaced serves nobody and starts with what is in force.
function isCurrent(worker: unknown, generation: unknown): boolean {
  const { state, generation: applied } = (worker ?? {}) as { state?: unknown; generation?: unknown };
  return state !== 'listening' || applied === generation;
}

/** Whether two reports say the same. */
export function sameReport(a: GatewayReport | undefined, b: GatewayReport | undefined): boolean {
  if (a === undefined || b === undefined || a.documents.size !== b.documents.size) return a === b;
  for (const [key, { revision, hash, refused, leftOut }] of a.documents) {
    const other = b.documents.get(key);
    if (other?.revision !== revision || other?.hash !== hash || other?.refused !== refused) return false;
    if (!isDeepStrictEqual(other?.leftOut, leftOut)) return false;
  }
  return sameStorages(a.storages, b.storages);
}

function sameStorages(a: readonly ReportedStorage[], b: readonly ReportedStorage[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ mount, available, detail }, index) => {
      const other = b[index];
      return other?.mount === mount && other.available === available && other.detail === detail;
    })
  );
}
