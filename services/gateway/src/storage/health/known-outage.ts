import { StorageError } from '../storage-error.js';

/** A request was refused, since the storage is known to be down. That it is down was logged when it was found out. */
export class KnownOutage extends StorageError {
  /** @param why the storage is down */
  constructor(why: string, retryAfterSeconds: number) {
    super('unavailable', why, { retryAfterSeconds });
  }
}
