import { afterEach, describe, expect, it, vi } from 'vitest';
import { LOG_LEVELS } from '@bucketway/contract/log-level';
import type { LogLevel } from '@bucketway/contract/log-level';
import { OperatorLog } from './operator-log.js';

const CALLS = ['fatal', 'error', 'warn', 'log', 'debug', 'verbose'] as const;

/** What it prints of one line of each level. */
function printed(level: LogLevel): string[] {
  const lines: string[] = [];
  const take = (chunk: unknown): boolean => lines.push(...String(chunk).trim().split('\n')) > 0;
  vi.spyOn(process.stdout, 'write').mockImplementation(take);
  vi.spyOn(process.stderr, 'write').mockImplementation(take);
  const log = new OperatorLog(false, level);
  for (const call of CALLS) log[call](`of ${call}`, 'test');
  log.log('of the framework', 'InstanceLoader');
  vi.restoreAllMocks();
  return lines.map((line) => (JSON.parse(line) as { message: string }).message);
}

describe("the operator's log", () => {
  afterEach(() => vi.restoreAllMocks());

  it.each(LOG_LEVELS.map((level, index) => [level, index] as const))(
    'of level %s has that and rarer',
    (level, index) => {
      const told = CALLS.slice(0, index + 1).map((call) => `of ${call}`);
      // What Nest says of its own start helps nobody but developers.
      expect(printed(level)).toEqual(index < 4 ? told : [...told, 'of the framework']);
    },
  );
});
