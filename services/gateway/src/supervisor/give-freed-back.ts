import { findLibc } from '../native/libc.js';

/** How often freed memory is given back, in milliseconds. */
const INTERVAL_MS = 2000;
/** A process that took less CPU in that time, in microseconds, has freed nothing worth it. */
const QUIET_US = 20_000;

/**
 * Gives back what was freed, as long as the process works. The C library keeps the holes between what is in use, hoping to fill them: 20 MB
 * and more in a process that serves requests. To find the whole pages in them takes it a millisecond.
 *
 * @param trim does it; undefined where the C library cannot
 * @returns the timer, which keeps no process alive
 */
export function giveFreedBack(trim = findLibc()?.trimHeap): NodeJS.Timeout | undefined {
  if (trim === undefined) return undefined;
  let before = process.cpuUsage();
  const timer = setInterval(() => {
    const { user, system } = process.cpuUsage(before);
    before = process.cpuUsage();
    if (user + system >= QUIET_US) trim();
  }, INTERVAL_MS);
  return timer.unref();
}
