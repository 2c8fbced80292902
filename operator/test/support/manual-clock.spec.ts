import { describe, expect, it } from 'vitest';
import { ManualClock } from './manual-clock.js';

describe('ManualClock', () => {
  it('fires timers in order, each at its own time, and those that they set', async () => {
    const clock = new ManualClock();
    const fired: [string, number][] = [];
    const at = (name: string) => (): void => void fired.push([name, clock.now()]);
    clock.setTimeout(at('late'), 30);
    clock.setTimeout(() => {
      at('early')();
      clock.setTimeout(at('nested'), 5);
    }, 10);
    clock.setTimeout(at('cancelled'), 20)();
    await clock.advance(100);
    expect(fired).toEqual([
      ['early', 10],
      ['nested', 15],
      ['late', 30],
    ]);
    expect(clock.now()).toBe(100);
    expect(clock.wallTime().toISOString()).toBe('2026-01-01T00:00:00.100Z');
  });
});
