import { toSeconds } from './conditions.js';

const HOUR_MS = 60 * 60_000;

/**
 * `lastUsedTime` of a key: the hour, so that a key that is always in use has the status written once an hour and not once a
 * minute. What the status says stays where gateways know of nothing later: they forget when they start anew.
 *
 * @param usedAt milliseconds since 1970
 */
export function keyUseTime(before: string | undefined, usedAt: number | undefined): string | undefined {
  if (usedAt === undefined) return before;
  const hour = Math.floor(usedAt / HOUR_MS) * HOUR_MS;
  return before !== undefined && Date.parse(before) >= hour ? before : toSeconds(new Date(hour));
}
