import type { Clock } from '../kube/clock.js';
import type { DocumentApi } from './document-api.js';
import type { Drift } from './drift.js';
import type { RemovalHold, RemovalLimits } from './removal-guard.js';
import type { PaceLimits } from './write-pace.js';

/** What a publisher tells; nothing of it may throw. */
export interface PublisherEvents {
  readonly drift?: (drift: Drift) => void;
  /** Many mappings vanish at once and are held. */
  readonly removalsHeld?: (hold: RemovalHold) => void;
  /** A write failed; it is tried again. */
  readonly writeFailed?: (object: string, error: unknown) => void;
}

/** What a publisher needs. */
export interface PublisherOptions {
  readonly api: DocumentApi;
  readonly namespace: string;
  /** What the objects' names begin with. */
  readonly prefix: string;
  readonly shards: number;
  readonly clock: Clock;
  readonly removals: RemovalLimits;
  /** Milliseconds that changes gather after a write, where more came during it. An idle shard writes at once. */
  readonly busyWindowMs?: number;
  /** How often each document may be written; without, as often as it changes. Every version is the whole document. */
  readonly pace?: PaceLimits;
  /** Throws where this process leads no more; asked before each write. */
  readonly assertLeading?: () => void;
  readonly events?: PublisherEvents;
}
