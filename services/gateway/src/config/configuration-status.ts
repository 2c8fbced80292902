import type { DocumentKind } from '@bucketway/contract';
import type { ReloadResult } from '../observability/configuration-metrics.js';

/** One document, in `/status`: an operator compares `revision` and `hash` with what it wrote. */
export interface DocumentStatus {
  readonly folder: string;
  /** File name. */
  readonly file: string;
  readonly kind: DocumentKind;
  readonly shard: string;
  /** In force; undefined where the file never could be applied. */
  readonly revision?: number;
  readonly hash?: string;
  /** Why what the file says now is not in force. */
  readonly refused?: string;
}

/** The keys that a mappings document in force grants anything to, in `/status/keys`. Holds no secret. */
export interface GrantedKeys {
  readonly shard: string;
  readonly revision: number;
  readonly hash: string;
  readonly accessKeyIds: readonly string[];
}

/** What is in force and what is not, in `/status`. Holds no secret. */
export interface ConfigurationStatus {
  /** The configuration file; undefined where flags alone configure. */
  readonly file?: string;
  readonly generation: number;
  readonly lastReload: {
    readonly at: string;
    readonly result: ReloadResult;
    /** Why something was refused. */
    readonly reasons: readonly string[];
  };
  /** Changes that wait for a restart. */
  readonly needsRestart: readonly string[];
  readonly documents: readonly DocumentStatus[];
  readonly buckets: number;
  readonly identities: number;
}
