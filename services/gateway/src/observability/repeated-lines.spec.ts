import { expect, it } from 'vitest';
import { RepeatedLines } from './repeated-lines.js';

it('tells the first of each text, then one in ten seconds with the number of those before', () => {
  const lines = new RepeatedLines();
  const told = [0, 1, 5_000, 9_999, 10_000, 10_001, 40_000].map((at) => lines.tell('away', at));
  expect(told).toEqual([0, undefined, undefined, undefined, 3, undefined, 1]);
  expect(lines.tell('away too', 40_001)).toBe(0);
});
