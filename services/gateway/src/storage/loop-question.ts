import { AsyncLocalStorage } from 'node:async_hooks';

/** What the name of every loop probe begins with. */
export const LOOP_PROBE_PREFIX = 'bucketway-loop-probe-';

const asked = new AsyncLocalStorage<string>();

/**
 * Runs the answer to a request. Where its target may be a loop probe, the storages that the answer leads to can tell so by
 * {@link askedTarget}: on a loop, even looking for the settings of the bucket would go round for ever.
 */
export function answering<T>(target: string, answer: () => T): T {
  return target.includes(LOOP_PROBE_PREFIX) ? asked.run(target, answer) : answer();
}

/** The target of the request that is being answered, where it may be a loop probe. Anybody can make one that looks so. */
export function askedTarget(): string | undefined {
  return asked.getStore();
}
