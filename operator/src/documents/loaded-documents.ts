import type { DocumentKind, MappedBucket } from '@bucketway/contract';
import type { KeyRingEntry } from '../credentials/key-ring-entry.js';

/** A document that was not there, or not as this program wrote it. */
export interface LostDocument {
  readonly kind: DocumentKind;
  readonly shard: number;
  /** Why what is there is not trusted; undefined where there is no object. Holds no secret. */
  readonly reason?: string;
}

/** What was stored when the operator started. */
export interface LoadedDocuments {
  /** Of documents whose hash holds: who has which name and path. */
  readonly incumbents: readonly MappedBucket[];
  /** By `namespace/secretName`; with those that apps' Secrets still had. */
  readonly keyRings: ReadonlyMap<string, KeyRingEntry>;
  /** Objects that are not there; at a first start, all. */
  readonly missing: readonly LostDocument[];
  /** Objects that somebody changed while no operator ran. */
  readonly distrusted: readonly LostDocument[];
  /** Names of the rings whose keys only apps' Secrets had. */
  readonly recovered: readonly string[];
}
