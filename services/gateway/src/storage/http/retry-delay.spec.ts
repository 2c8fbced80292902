import { describe, expect, it } from 'vitest';
import { retryDelay } from './retry-delay.js';

const NOW = Date.parse('2026-01-01T00:00:00Z');

describe('retryDelay', () => {
  it('grows, with jitter, up to a limit', () => {
    for (let attempt = 1; attempt < 20; attempt++) {
      const full = Math.min(100 * 2 ** (attempt - 1), 5_000);
      const delay = retryDelay(attempt, undefined) ?? 0;
      expect(delay).toBeGreaterThanOrEqual(full / 2);
      expect(delay).toBeLessThanOrEqual(full);
    }
  });

  it.each([
    ['2', 2_000],
    ['Thu, 01 Jan 2026 00:00:03 GMT', 3_000],
    ['3600', undefined],
    ['Thu, 01 Jan 2026 01:00:00 GMT', undefined],
  ])('honours Retry-After: %s', (header, expected) => {
    expect(retryDelay(1, header, NOW)).toBe(expected);
  });

  it.each(['0', 'Thu, 01 Jan 1970 00:00:00 GMT', 'soon', ''])('takes %j for no reason to wait longer', (header) => {
    expect(retryDelay(1, header, NOW)).toBeLessThanOrEqual(100);
  });
});
