import { describe, expect, it } from 'vitest';
import { readLogLevel } from './log-level.js';

const refuse = (message: string): Error => new RangeError(message);

describe('BUCKETWAY_LOG_LEVEL', () => {
  it.each([
    [undefined, 'info'],
    ['', 'info'],
    ['debug', 'debug'],
    ['WARN', 'warn'],
  ])('%s is %s', (value, level) => {
    expect(readLogLevel({ BUCKETWAY_LOG_LEVEL: value }, refuse)).toBe(level);
  });

  it('that is no level is refused, with those that there are', () => {
    expect(() => readLogLevel({ BUCKETWAY_LOG_LEVEL: 'loud' }, refuse)).toThrow(
      'BUCKETWAY_LOG_LEVEL is "loud": set it to one of fatal, error, warn, info, debug, trace',
    );
  });
});
