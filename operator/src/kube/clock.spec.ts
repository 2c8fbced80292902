import { describe, expect, it } from 'vitest';
import { ManualClock, SYSTEM_CLOCK } from './clock.js';

describe('SYSTEM_CLOCK', () => {
  it('does not fire a timer at once that is months ahead', async () => {
    let fired = false;
    const cancel = SYSTEM_CLOCK.setTimeout(() => (fired = true), 90 * 86_400_000);
    await new Promise<void>((resolve) => void SYSTEM_CLOCK.setTimeout(resolve, 5));
    cancel();
    expect(fired).toBe(false);
  });
});

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
