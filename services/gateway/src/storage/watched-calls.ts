import { S3Error } from '../errors/s3-error.js';
import type { MaybePromise } from '../maybe-promise.js';
import type { StorageObserver } from '../observability/storage-observer.js';
import type { StorageHealth } from './health/storage-health.js';
import { StorageError, type StorageErrorCode } from './storage-error.js';
import type { StorageKind } from './storage-state.js';

/** What a healthy storage answers about names; no failure of its own. */
const ANSWERS: ReadonlySet<StorageErrorCode> = new Set<StorageErrorCode>([
  'not-found',
  'exists',
  'is-folder',
  'not-folder',
  'not-empty',
  'name-too-long',
  'unsupported-name',
  'record-too-large',
]);

/** The calls of one storage: admitted by its health, timed, and their failures told to both health and metrics. */
export class WatchedCalls {
  constructor(
    private readonly kind: StorageKind,
    private readonly health: StorageHealth,
    private readonly observer: StorageObserver,
  ) {}

  /** Whether calls go over a network. */
  get remote(): boolean {
    return this.kind !== 'local';
  }

  /** Runs a call and times it. */
  timed<T>(call: string, action: () => MaybePromise<T>): MaybePromise<T> {
    const started = performance.now();
    const ended = (): void => this.observer.called(this.kind, call, (performance.now() - started) / 1000);
    const result = this.watched(call, action);
    if (!(result instanceof Promise)) {
      ended();
      return result;
    }
    return result.finally(ended);
  }

  /** The same for what is too cheap, or too much up to the client, to be worth the clock. */
  watched<T>(call: string, action: () => MaybePromise<T>): MaybePromise<T> {
    this.health.admit();
    let result: MaybePromise<T>;
    try {
      result = action();
    } catch (error) {
      throw this.failed(call, error);
    }
    if (!(result instanceof Promise)) {
      this.answered();
      return result;
    }
    return result.then(
      (value) => {
        this.answered();
        return value;
      },
      (error: unknown) => {
        throw this.failed(call, error);
      },
    );
  }

  private answered(): void {
    if (this.health.suspect) this.health.requestAnswered();
  }

  private failed(call: string, error: unknown): unknown {
    // An upstream's own answer, on its way to the client.
    if (error instanceof S3Error) this.answered();
    if (!(error instanceof StorageError)) return error;
    if (ANSWERS.has(error.code)) {
      this.answered();
      return error;
    }
    this.observer.failed(this.kind, call, error.code);
    if (error.code === 'unavailable') this.health.requestUnavailable();
    return error;
  }
}
