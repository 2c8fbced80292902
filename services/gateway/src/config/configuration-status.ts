import type { DocumentKind } from '@bucketway/contract';
import type { ReloadResult } from '../observability/configuration-metrics.js';

/** What of a document is not in force because the configuration file has it otherwise. Holds no secret. */
export interface LeftOut {
  readonly bucket: string;
  /** The bucket is in force but for the grants to this key. */
  readonly accessKeyId?: string;
  readonly reason: string;
}

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
  /** Absent: all of the document is in force. */
  readonly leftOut?: readonly LeftOut[];
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
