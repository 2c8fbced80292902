import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.js';
import { TokenBucket } from './token-bucket.js';

describe('TokenBucket', () => {
  it('lets a burst through, then the rate, in order', async () => {
    const clock = new ManualClock();
    const bucket = new TokenBucket({ perSecond: 10, burst: 3 }, clock);
    const passed: [number, number][] = [];
    for (let i = 0; i < 6; i++) void bucket.take().then(() => passed.push([i, Math.round(clock.now())]));
    await clock.advance(1000);
    expect(passed).toEqual([
      [0, 0],
      [1, 0],
      [2, 0],
      [3, 100],
      [4, 200],
      [5, 300],
    ]);
  });

  it('gives the turn of one who gave up to the next', async () => {
    const clock = new ManualClock();
    const bucket = new TokenBucket({ perSecond: 1, burst: 1 }, clock);
    const giveUp = new AbortController();
    const passed: string[] = [];
    await bucket.take();
    const first = bucket.take(giveUp.signal);
    void bucket.take().then(() => passed.push('second'));
    giveUp.abort(new Error('enough'));
    await expect(first).rejects.toThrow('enough');
    await clock.advance(1000);
    expect(passed).toEqual(['second']);
  });
});
