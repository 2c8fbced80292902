import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.js';
import { WritePace } from './write-pace.js';

const LIMITS = { burst: 3, perSecond: 1, bytesPerSecond: 100_000 };

describe('WritePace', () => {
  it.each([
    ['a small object once a second', 1000, 1000],
    ['a large one as its size allows', 1_000_000, 10_000],
  ])('lets a few writes through, and then %s', async (_title, bytes, everyMs) => {
    const clock = new ManualClock();
    const pace = new WritePace(LIMITS, clock);
    expect([pace.take(bytes), pace.take(bytes), pace.take(bytes)]).toEqual([0, 0, 0]);
    expect(pace.take(bytes)).toBeCloseTo(everyMs);
    await clock.advance(everyMs);
    expect(pace.take(bytes)).toBe(0);
    expect(pace.take(bytes)).toBeCloseTo(everyMs);
  });

  it('saves no more than the burst', async () => {
    const clock = new ManualClock();
    const pace = new WritePace(LIMITS, clock);
    await clock.advance(3_600_000);
    const waits = Array.from({ length: 4 }, () => pace.take(1));
    expect(waits.slice(0, 3)).toEqual([0, 0, 0]);
    expect(waits[3]).toBeGreaterThan(0);
  });
});
