import type { MetricObject } from 'prom-client';
import type { AccessLogTarget, ListenAddress, TlsMaterial } from '../config/configuration.js';
import type { ConfigurationChange } from '../config/live-configuration.js';
import type { KeyUseTimes } from '../observability/key-uses.js';
import type { StorageState } from '../storage/storage-state.js';
import type { UsageProcesses } from '../usage/usage-keeper.js';

/** What a process needs to serve, beside the snapshot; fixed while it runs, but for the certificate. */
export interface ServeSettings {
  readonly listen: ListenAddress;
  readonly tls: TlsMaterial | undefined;
  readonly accessLog: AccessLogTarget;
}

/** What a serving process says of itself. */
export interface WorkerReport {
  readonly generation: number;
  readonly storages: readonly StorageState[];
}

/** One serving process, in `/status`. */
export interface WorkerStatus {
  /** From 1; stays the same when the process is replaced. */
  readonly worker: number;
  readonly pid: number | undefined;
  readonly state: 'starting' | 'listening' | 'draining' | 'restarting';
  /** The snapshot applied; 0 before the first. */
  readonly generation: number;
  readonly restarts: number;
  /** Whether it answered when it was asked last. */
  readonly responsive: boolean;
  readonly storages: readonly StorageState[];
}

/** The processes that serve S3: this one alone, or workers. */
export interface Fleet extends UsageProcesses {
  /** Resolves when all of them accept connections. @throws StartError */
  start(change: ConfigurationChange): Promise<ListenAddress>;
  apply(change: ConfigurationChange): void;
  status(): Promise<readonly WorkerStatus[]>;
  /** Metrics of each process, to be added up. */
  metrics(): Promise<MetricObject[][]>;
  /** When each key was used last, in any of them. */
  keyUseTimes(): Promise<KeyUseTimes>;
  /** Lets running requests end. @returns whether all ended within the time */
  close(graceMs: number): Promise<boolean>;
}

/** A process could not begin to serve, and will not by trying again. */
export class StartError extends Error {
  override readonly name = 'StartError';

  constructor(
    message: string,
    /** Of the system: `EADDRINUSE`. */
    readonly code: string | undefined,
    /** Which of the two ports it was, where it was one. */
    readonly port: 's3' | 'admin' = 's3',
  ) {
    super(message);
  }

  static of(error: unknown): StartError {
    const { message, code } = error as NodeJS.ErrnoException;
    return new StartError(message, code);
  }
}
