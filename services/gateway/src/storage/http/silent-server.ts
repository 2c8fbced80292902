import { StorageError } from '../storage-error.js';

/** A server has said nothing for as long as it may. To ask it again at once would only make the client wait as long once more. */
export class SilentServer extends StorageError {
  constructor(message: string, cause?: unknown) {
    super('unavailable', message, { cause });
  }
}
