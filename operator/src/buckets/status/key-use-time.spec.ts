import { describe, expect, it } from 'vitest';
import { keyUseTime } from './key-use-time.js';

const at = (time: string): number => Date.parse(time);

describe('keyUseTime', () => {
  it.each([
    ['a first use', undefined, at('2026-01-01T10:42:00Z'), '2026-01-01T10:00:00Z'],
    ['another one in the same hour', '2026-01-01T10:00:00Z', at('2026-01-01T10:59:00Z'), '2026-01-01T10:00:00Z'],
    ['one in the next hour', '2026-01-01T10:00:00Z', at('2026-01-01T11:01:00Z'), '2026-01-01T11:00:00Z'],
    ['an earlier one', '2026-01-01T10:00:00Z', at('2026-01-01T08:00:00Z'), '2026-01-01T10:00:00Z'],
    ['none that is remembered', '2026-01-01T10:00:00Z', undefined, '2026-01-01T10:00:00Z'],
    ['none ever', undefined, undefined, undefined],
  ])('of %s', (_, before, usedAt, expected) => {
    expect(keyUseTime(before, usedAt)).toBe(expected);
  });
});
