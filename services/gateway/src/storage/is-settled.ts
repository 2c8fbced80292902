/** Milliseconds; more than a tick of any local filesystem's clock. */
const SETTLED_MS = 50;

/**
 * Whether what was found of a file may be kept under the time of its last change: a change in the same tick of the
 * filesystem's clock as the one before leaves no trace in a file's times.
 *
 * @param changeMs when anything of the file last changed, in milliseconds since the epoch
 * @param lookedAt when it was looked at, or before, likewise
 */
export function isSettled(changeMs: number, lookedAt = Date.now()): boolean {
  return lookedAt - changeMs > SETTLED_MS;
}
