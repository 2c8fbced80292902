const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 5_000;
/** A server that asks for a longer pause is taken at its word: the request fails instead of waiting. */
const LONGEST_RETRY_AFTER_MS = 15_000;

/** Statuses after which a request that does no harm twice may be tried again. */
export const RETRIED_STATUSES: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/**
 * Milliseconds before the next try, or undefined where the server asks for more than a client would wait.
 *
 * @param attempt tries so far, from 1
 * @param retryAfter the header, seconds or a date (RFC 9110, 10.2.3)
 */
export function retryDelay(attempt: number, retryAfter: string | undefined, now = Date.now()): number | undefined {
  const backOff = Math.min(FIRST_DELAY_MS * 2 ** (attempt - 1), LONGEST_DELAY_MS);
  // With jitter, or all that failed together would come back together.
  const delay = backOff * (0.5 + Math.random() / 2);
  if (retryAfter === undefined) return delay;
  const asked = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - now;
  if (Number.isNaN(asked)) return delay;
  return asked > LONGEST_RETRY_AFTER_MS ? undefined : Math.max(delay, asked);
}
