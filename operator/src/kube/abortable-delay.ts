import type { Clock } from './clock.js';

/** Resolves after a time, or at once when `signal` is aborted. Never rejects. */
export function abortableDelay(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const end = (): void => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.setTimeout(end, milliseconds);
    signal.addEventListener('abort', end, { once: true });
  });
}
