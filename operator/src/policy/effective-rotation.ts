import type { Rotation } from './policy.js';

/** How long an old key works where nobody says otherwise: a day for apps to read the new one. */
export const DEFAULT_OVERLAP_MS = 24 * 3600 * 1000;

/** The shortest rotation interval: a key has to reach every gateway and every app before its successor comes. */
export const MIN_ROTATION_INTERVAL_MS = 60 * 1000;

/**
 * The rotation of an S3Bucket from its own times and the policy's. An overlap that the S3Bucket does not set is never
 * more than half the interval, so that its own short interval does not meet a long overlap from elsewhere.
 *
 * @returns undefined where the overlap that the S3Bucket sets is not shorter than the interval
 */
export function effectiveRotation(own: Partial<Rotation>, defaults: Partial<Rotation>): Rotation | undefined {
  const intervalMs = own.intervalMs ?? defaults.intervalMs;
  if (intervalMs === undefined) return { overlapMs: own.overlapMs ?? defaults.overlapMs ?? DEFAULT_OVERLAP_MS };
  if (own.overlapMs !== undefined) {
    return own.overlapMs < intervalMs ? { intervalMs, overlapMs: own.overlapMs } : undefined;
  }
  const wanted = defaults.overlapMs ?? DEFAULT_OVERLAP_MS;
  return { intervalMs, overlapMs: wanted < intervalMs ? wanted : intervalMs / 2 };
}
