import { UsageError } from '../cli/usage-error.js';

/** What the log may be limited to, the rarest first. */
export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;

/** @see LOG_LEVELS */
export type LogLevel = (typeof LOG_LEVELS)[number];

const VARIABLE = 'BUCKETWAY_LOG_LEVEL';

/** The level that the environment asks for; `info` without one. @throws UsageError for a level that there is not */
export function readLogLevel(environment: NodeJS.ProcessEnv): LogLevel {
  const asked = environment[VARIABLE] ?? '';
  if (asked === '') return 'info';
  const level = LOG_LEVELS.find((known) => known === asked.toLowerCase());
  if (level === undefined) {
    throw new UsageError(`${VARIABLE} is "${asked}": set it to one of ${LOG_LEVELS.join(', ')}`, 'bucketway serve');
  }
  return level;
}
