import type { LoggerService } from '@nestjs/common';
import type { ListenAddress, TlsMaterial } from '../config/configuration.js';
import type { SnapshotStore } from '../config/snapshot-store.js';
import type { RequestObserver } from '../observability/request-observer.js';
import type { StorageState } from '../storage/storage-state.js';
import type { StorageObserver } from '../observability/storage-observer.js';
import type { Usage } from '../usage/bucket-usage.js';
import type { UsageLedger } from '../usage/usage-ledger.js';

/** What a gateway needs from the process that it runs in. */
export interface GatewayOptions {
  readonly snapshots: SnapshotStore;
  /** undefined: not over a socket (tests). */
  readonly listen: ListenAddress | undefined;
  readonly tls?: TlsMaterial | undefined;
  readonly requestObserver: RequestObserver;
  readonly storageObserver: StorageObserver;
  readonly usageLedger: UsageLedger;
  readonly log: LoggerService;
}

/** The S3 side of one process. */
export interface Gateway {
  /** Begins to accept connections. @returns the address in use, its port never 0 */
  listen(): Promise<ListenAddress>;
  /** Serves new connections with another certificate. */
  updateTls?(tls: TlsMaterial): void;
  /** How the storages are now; must not wait for one that hangs. */
  storages?(): Promise<readonly StorageState[]>;
  /** Counts the objects at a path of the tree. */
  measure?(path: string): Promise<Usage>;
  /**
   * Stops accepting, closes idle connections and lets running requests end.
   *
   * @param graceMs after which what still runs is cut off
   */
  close(graceMs: number): Promise<void>;
}

/** Makes a gateway; it accepts nothing until {@link Gateway.listen}. */
export type GatewayFactory = (options: GatewayOptions) => Promise<Gateway>;
