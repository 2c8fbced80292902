import { setTimeout as delay } from 'node:timers/promises';

const INTERVAL_MS = 40;

/** How long a test waits for what should happen within a moment, in milliseconds; a busy machine has many moments. */
export const PATIENCE_MS = 100_000;

/**
 * Looks again and again until what is looked for is there.
 *
 * @param look undefined, false, or an error: not yet
 * @throws Error that names what did not come, with what the last look found
 */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  patienceMs = PATIENCE_MS,
): Promise<T> {
  const deadline = Date.now() + patienceMs;
  let failure: unknown;
  for (;;) {
    try {
      const found = await look();
      if (found !== undefined && found !== false) return found;
      failure = undefined;
    } catch (error) {
      failure = error;
    }
    if (Date.now() > deadline) throw new Error(`in ${patienceMs} ms, ${what} did not happen`, { cause: failure });
    await delay(INTERVAL_MS);
  }
}
