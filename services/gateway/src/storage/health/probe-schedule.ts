/** While a storage is up it is looked at this often, in milliseconds. */
export const PROBE_INTERVAL_MS = 30_000;
/** The first look after one that failed. */
const FIRST_RETRY_MS = 1_000;

/**
 * How long to wait before the next look at a storage: the interval while it is up; while it is down from one second up to
 * the interval, doubling. Each with jitter, so that replicas that saw one outage do not ask in step.
 *
 * @param failures looks in a row that failed
 * @param random from 0 to 1
 * @returns milliseconds
 */
export function nextProbeDelay(failures: number, random: number): number {
  if (failures === 0) return PROBE_INTERVAL_MS * (0.9 + random * 0.1);
  // 2^5 s is beyond the interval already; more would only overflow.
  const longest = Math.min(PROBE_INTERVAL_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 5));
  return longest * (0.5 + random * 0.5);
}
