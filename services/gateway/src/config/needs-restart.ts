import { isDeepStrictEqual } from 'node:util';
import type { Configuration } from './configuration.js';

/** What cannot change while clients are connected, or is fixed when processes start. */
const FIXED = ['listen', 'admin', 'workers', 'accessLog'] as const;

/**
 * Divides a new configuration into what can be put in force and what waits for a restart.
 *
 * @returns the new configuration with the old values where they are fixed, and a sentence for each of these
 */
export function needsRestart(
  running: Configuration,
  loaded: Configuration,
): { readonly kept: Configuration; readonly changes: readonly string[] } {
  const changes: string[] = FIXED.filter((member) => !isDeepStrictEqual(running[member], loaded[member])).map(
    (member) => `the change of ${member} takes a restart`,
  );
  const tlsSwitched = (running.tls === undefined) !== (loaded.tls === undefined);
  if (tlsSwitched) changes.push(`switching tls ${loaded.tls === undefined ? 'off' : 'on'} takes a restart`);
  const { listen, admin, workers, accessLog } = running;
  const tls = tlsSwitched ? running.tls : loaded.tls;
  return { kept: { ...loaded, listen, admin, workers, accessLog, tls }, changes };
}
