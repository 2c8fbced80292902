import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.js';
import { RemovalGuard } from './removal-guard.js';
import type { RemovalHold } from './removal-guard.js';

const LIMITS = { holdMs: 60_000, minimumBuckets: 10, percent: 20 };

function guard(limits = LIMITS): { guard: RemovalGuard; clock: ManualClock; released: string[]; holds: RemovalHold[] } {
  const clock = new ManualClock();
  const released: string[] = [];
  const holds: RemovalHold[] = [];
  const guard = new RemovalGuard(
    limits,
    clock,
    (names) => void released.push(...names),
    (hold) => void holds.push(hold),
  );
  return { guard, clock, released, holds };
}

/** Judges removals out of `total` buckets one after another; how many go ahead. */
function remove(removals: RemovalGuard, count: number, total: number): number {
  let ahead = 0;
  for (let index = 0; index < count; index++)
    if (removals.judge(`bucket-${total}-${index}`, total - ahead) === 0) ahead++;
  return ahead;
}

describe('removals', () => {
  it.each([
    ['few', 10, 12, 10],
    ['many of more', 200, 1000, 200],
    ['more than a fifth', 201, 1000, 200],
    ['more than ten, and more than a fifth', 11, 20, 10],
    ['all', 100, 100, 20],
  ])('%s', (_, count, total, ahead) => expect(remove(guard().guard, count, total)).toBe(ahead));

  it('count together for as long as a hold lasts', async () => {
    const { guard: removals, clock } = guard();
    expect(remove(removals, 10, 30)).toBe(10);
    await clock.advance(59_999);
    expect(removals.judge('late', 20)).toBe(60_000);
    const other = guard();
    remove(other.guard, 10, 30);
    await other.clock.advance(60_000);
    expect(other.guard.judge('late', 20)).toBe(0);
  });

  it('are never held where that is switched off', () => {
    expect(remove(guard({ ...LIMITS, holdMs: 0 }).guard, 500, 500)).toBe(500);
  });

  it('go ahead together when the hold is over, unless the bucket is wanted again', async () => {
    const { guard: removals, clock, released, holds } = guard();
    remove(removals, 13, 13);
    expect(removals.holds('bucket-13-12')).toBe(true);
    removals.forget('bucket-13-12');
    await clock.advance(30_000);
    expect(removals.judge('another', 3)).toBe(30_000);
    await clock.advance(30_000);
    expect(released).toEqual(['bucket-13-10', 'bucket-13-11', 'another']);
    expect(holds).toHaveLength(1);
    expect(removals.size).toBe(0);
    expect(removals.judge('later', 3)).toBe(0);
  });

  it('that were let go once are not counted again, and are judged anew when the bucket was wanted again', () => {
    const { guard: removals } = guard();
    for (let time = 0; time < 5; time++) expect(remove(removals, 10, 30)).toBe(10);
    removals.forget('bucket-30-0');
    expect(removals.judge('bucket-30-0', 30)).toBe(60_000);
  });

  it('before which something else is done are not released by themselves, and go ahead when asked for again', async () => {
    const { guard: removals, clock, released } = guard();
    remove(removals, 10, 13);
    expect(removals.ask('emptied-first', 3)).toBe(60_000);
    expect(removals.judge('other', 3)).toBe(60_000);
    await clock.advance(60_000);
    expect(released).toEqual(['other']);
    await clock.advance(600_000);
    expect(removals.ask('emptied-first', 2)).toBe(0);
  });

  it('that somebody allows go ahead, held or not, and count for no other', () => {
    const { guard: removals } = guard();
    for (let index = 0; index < 50; index++) {
      removals.allow(`meant-${index}`);
      expect(removals.ask(`meant-${index}`, 50)).toBe(0);
    }
    remove(removals, 10, 13);
    expect(removals.ask('held', 3)).toBe(60_000);
    removals.allow('held');
    expect(removals.ask('held', 3)).toBe(0);
    expect(removals.size).toBe(0);
  });

  it('leave nothing behind where all are wanted again', async () => {
    const { guard: removals, clock, released } = guard();
    remove(removals, 11, 11);
    removals.forget('bucket-11-10');
    expect(clock.pending).toBe(0);
    await clock.advance(60_000);
    expect(released).toEqual([]);
  });
});
