import { Counter, Gauge, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';
import type { StorageErrorCode } from '../storage/storage-error.js';
import type { StorageKind } from '../storage/storage-state.js';

/** Told of every call of a storage, and of how the storages are; an abstract class, so that it is its own injection token. */
export abstract class StorageObserver {
  /**
   * A call of a driver ended.
   *
   * @param kind of storage
   * @param call the driver's method: `open`, `list`, …; from the code, never from a client
   * @param seconds it took
   */
  abstract called(kind: StorageKind, call: string, seconds: number): void;

  /** A call failed in a way that says something of the storage: it cannot be reached, is full, denies us, … */
  abstract failed(kind: StorageKind, call: string, code: StorageErrorCode): void;

  /** Whether a storage can be used was found out, or is no longer looked at (undefined). */
  abstract up(mount: string, kind: StorageKind, up: boolean | undefined): void;

  /** A request was refused at once, since the storage is known to be down. */
  abstract refused(mount: string, kind: StorageKind): void;
}

/** Observes nothing: for tests and embedded use. */
export class NoStorageObserver extends StorageObserver {
  override called(): void {}
  override failed(): void {}
  override up(): void {}
  override refused(): void {}
}

type Call = 'storage' | 'call';
type Mount = 'mount' | 'kind';

/** Latency, failures and state of storages. */
export class StorageMetrics extends StorageObserver {
  private readonly duration: Histogram<Call>;
  private readonly failures: Counter<Call | 'code'>;
  private readonly state: Gauge<Mount>;
  private readonly refusals: Counter<Mount>;
  private readonly children = new Map<string, Map<string, Histogram.Internal<Call>>>();

  constructor(registry: Registry) {
    super();
    const registers = [registry];
    this.duration = new Histogram({
      name: 'bucketway_storage_call_duration_seconds',
      help: 'Calls of the storages behind the tree, by kind of storage and call.',
      labelNames: ['storage', 'call'],
      buckets: [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10],
      registers,
    });
    this.failures = new Counter({
      name: 'bucketway_storage_call_failures_total',
      help: 'Calls of storages that failed for what the storage is or denies, by kind of storage, call and reason.',
      labelNames: ['storage', 'call', 'code'],
      registers,
    });
    this.state = new Gauge({
      name: 'bucketway_storage_up',
      help: 'Whether a storage can be used (1) or not (0); where processes differ, the worse.',
      labelNames: ['mount', 'kind'],
      registers,
      aggregator: 'min',
    });
    this.refusals = new Counter({
      name: 'bucketway_storage_refused_total',
      help: 'Calls that were refused at once, since the storage is known to be down.',
      labelNames: ['mount', 'kind'],
      registers,
    });
  }

  override called(kind: StorageKind, call: string, seconds: number): void {
    let calls = this.children.get(kind);
    if (calls === undefined) this.children.set(kind, (calls = new Map()));
    let child = calls.get(call);
    if (child === undefined) calls.set(call, (child = this.duration.labels(kind, call)));
    child.observe(seconds);
  }

  override failed(kind: StorageKind, call: string, code: StorageErrorCode): void {
    this.failures.inc({ storage: kind, call, code });
  }

  override up(mount: string, kind: StorageKind, up: boolean | undefined): void {
    if (up === undefined) this.state.remove({ mount, kind });
    else this.state.set({ mount, kind }, up ? 1 : 0);
  }

  override refused(mount: string, kind: StorageKind): void {
    this.refusals.inc({ mount, kind });
  }
}
