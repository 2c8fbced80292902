import type { ServerResponse } from 'node:http';
import { takenBytes } from '../native/taken-bytes.js';

/** How often it is looked at what a client has taken, in milliseconds. */
const LOOK_MS = 15_000;
/** Looks in a row at which it had taken nothing: after two minutes of that its connection is closed. */
const MAX_QUIET_LOOKS = 8;

/**
 * Closes the connection of a client that takes nothing of an answer any more. Not of one that is slow: a megabyte that is handed over
 * at once may take it an hour. One timer for an answer, whatever the number of its pieces.
 */
export class StallWatch {
  /** Whether there is something for the client to take; while there is not, it is the storage that is waited for. */
  waiting = false;
  private readonly timer = setInterval(() => this.look(), LOOK_MS).unref();
  private taken = -1;
  private quietLooks = 0;

  constructor(private readonly response: ServerResponse) {}

  close(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    const before = this.taken;
    // Of the request: an answer that waits for others on its connection has none yet.
    this.taken = takenBytes(this.response.req.socket);
    this.quietLooks = this.waiting && this.taken === before ? this.quietLooks + 1 : 0;
    if (this.quietLooks >= MAX_QUIET_LOOKS) this.response.destroy();
  }
}
