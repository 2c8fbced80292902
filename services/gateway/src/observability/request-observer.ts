import type { RequestRecord } from './request-record.js';

/**
 * Told of every request that comes and ends. The S3 pipeline knows nothing else of metrics and logs.
 *
 * An abstract class, so that it is its own injection token.
 */
export abstract class RequestObserver {
  /**
   * A request was matched to an operation, or to none (undefined), and begins to run. The pipeline calls it once for
   * each request, then {@link finished} once with a record of the same operation.
   */
  abstract started(operation: string | undefined): void;

  /** A request ended. Runs on the hot path: it must not block, throw, or keep the record. */
  abstract finished(record: RequestRecord): void;
}

/** Passes each event on to several observers, in their order. */
export class RequestObservers extends RequestObserver {
  constructor(private readonly observers: readonly RequestObserver[]) {
    super();
  }

  override started(operation: string | undefined): void {
    for (const observer of this.observers) observer.started(operation);
  }

  override finished(record: RequestRecord): void {
    for (const observer of this.observers) observer.finished(record);
  }
}

/** Observes nothing: for tests and embedded use. */
export class NoRequestObserver extends RequestObserver {
  override started(): void {}
  override finished(): void {}
}
