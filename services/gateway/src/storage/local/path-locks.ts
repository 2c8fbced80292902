import type { MaybePromise } from '../../maybe-promise.js';

/** One lock a path, held against every process that works on this storage. */
export interface PathLocks {
  /**
   * Runs an action while the path is locked.
   *
   * @throws StorageError `busy` after a bounded wait
   */
  run<T>(path: string, action: () => MaybePromise<T>): MaybePromise<T>;
  /** Takes the locks away that processes have left that are gone. */
  sweep(): MaybePromise<void>;
  /** Gives back what is kept between two locks. One that is taken later works, and keeps nothing for good. */
  close(): void;
}
