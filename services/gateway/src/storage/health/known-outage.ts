import { StorageError } from '../storage-error.js';

/** A request was refused, since the storage is known to be down. Many requests are while that lasts: their lines are kept few. */
export class KnownOutage extends StorageError {
  /** @param why the storage is down */
  constructor(why: string, retryAfterSeconds: number) {
    super('unavailable', why, { retryAfterSeconds });
  }
}
