import { Histogram } from 'prom-client';
import type { Registry } from 'prom-client';

/** Told of every call of a storage; an abstract class, so that it is its own injection token. */
export abstract class StorageObserver {
  /**
   * A call of a driver ended.
   *
   * @param kind of storage, as in the configuration: `local`
   * @param call the driver's method: `open`, `list`, …; from the code, never from a client
   * @param seconds it took
   */
  abstract called(kind: string, call: string, seconds: number): void;
}

/** Observes nothing: for tests and embedded use. */
export class NoStorageObserver extends StorageObserver {
  override called(): void {}
}

/** Latency of storages. */
export class StorageMetrics extends StorageObserver {
  private readonly duration: Histogram<'storage' | 'call'>;
  private readonly children = new Map<string, Map<string, Histogram.Internal<'storage' | 'call'>>>();

  constructor(registry: Registry) {
    super();
    this.duration = new Histogram({
      name: 'bucketway_storage_call_duration_seconds',
      help: 'Calls of the storages behind the tree, by kind of storage and call.',
      labelNames: ['storage', 'call'],
      buckets: [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10],
      registers: [registry],
    });
  }

  override called(kind: string, call: string, seconds: number): void {
    let calls = this.children.get(kind);
    if (calls === undefined) this.children.set(kind, (calls = new Map()));
    let child = calls.get(call);
    if (child === undefined) calls.set(call, (child = this.duration.labels(kind, call)));
    child.observe(seconds);
  }
}
