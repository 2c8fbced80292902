/** What a log may be limited to, the rarest first. */
export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;

/** @see LOG_LEVELS */
export type LogLevel = (typeof LOG_LEVELS)[number];

const VARIABLE = 'BUCKETWAY_LOG_LEVEL';

/**
 * The level that the environment asks for; `info` without one.
 *
 * @param refuse makes the error for a level that there is not, which is then thrown
 */
export function readLogLevel(
  environment: Readonly<Record<string, string | undefined>>,
  refuse: (message: string) => Error,
): LogLevel {
  const asked = environment[VARIABLE] ?? '';
  if (asked === '') return 'info';
  const level = LOG_LEVELS.find((known) => known === asked.toLowerCase());
  if (level === undefined) throw refuse(`${VARIABLE} is "${asked}": set it to one of ${LOG_LEVELS.join(', ')}`);
  return level;
}
