import type { MaybePromise } from '../../maybe-promise.js';
import { isRefusal } from '../../native/is-refusal.js';
import { findLibc } from '../../native/libc.js';
import { DIRECT_CALLS, type FileCalls } from './file-calls.js';

/** The descriptors of a transfer. */
export interface Transfer {
  readonly from: number;
  readonly to: number;
}

/**
 * Sends bytes of a file to a socket that does not block: at once where the file's bytes are in memory already, else on the thread pool.
 * Resolves with how many bytes the socket took; 0 where that is none, undefined where the kernel does not do this.
 */
export function sendFile(
  calls: FileCalls,
  { from, to }: Transfer,
  position: number,
  length: number,
): MaybePromise<number | undefined> {
  const libc = findLibc();
  if (libc === undefined) return undefined;
  // Files are read ahead from their beginning on: with the last byte in memory, those before it are nearly always there too.
  if (calls === DIRECT_CALLS && libc.isResident(from, position + length - 1)) {
    const sent = libc.sendFile(to, from, position, length);
    return isRefusal(sent) ? undefined : Math.max(0, sent);
  }
  return libc.sendFileQueued(to, from, position, length).then((sent) => Math.max(0, sent));
}
