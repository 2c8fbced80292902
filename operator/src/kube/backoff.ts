/** Delays that double with each failure. Milliseconds. */
export interface BackoffLimits {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** The delay after `failures` failures in a row, the first of which is 1. */
export function backoffDelay(limits: BackoffLimits, failures: number): number {
  // 2 ** 1024 is Infinity, of which the minimum is still right.
  return Math.min(limits.longestMs, limits.firstMs * 2 ** (failures - 1));
}

/** A delay between half of it and all of it, so that what failed together does not come back together. */
export function jittered(milliseconds: number, random: () => number): number {
  return milliseconds * (0.5 + random() / 2);
}
