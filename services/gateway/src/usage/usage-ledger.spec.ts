import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { UsageChange } from './bucket-usage.js';
import { UsageLedger } from './usage-ledger.js';

const PATH = '/team/photos';
const QUOTA = { maxBytes: 100, maxObjects: 3, mode: 'enforce' } as const;
const known = (size: number, objects: number, observedAt = 1) => ({ path: PATH, size, objects, observedAt });
const bytes = (size: number) => ({ size, objects: 0 });

describe('UsageLedger', () => {
  let told: UsageChange[];
  let ledger: UsageLedger;
  beforeEach(() => {
    vi.useFakeTimers();
    told = [];
    ledger = new UsageLedger((changes) => told.push(...changes));
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('has room for everything before the objects were counted', () => {
    expect(ledger.fits(PATH, QUOTA, bytes(1000))).toBe(true);
    expect(ledger.left(PATH, QUOTA)).toBe(Infinity);
  });

  it('permits what fits exactly, and whatever does not grow', () => {
    ledger.learn([known(60, 2)]);
    expect(ledger.fits(PATH, QUOTA, { size: 40, objects: 1 })).toBe(true);
    expect(ledger.fits(PATH, QUOTA, { size: 41, objects: 1 })).toBe(false);
    expect(ledger.fits(PATH, QUOTA, { size: 1, objects: 2 })).toBe(false);
    ledger.learn([known(500, 9)]);
    expect(ledger.fits(PATH, QUOTA, { size: -5, objects: 0 })).toBe(true);
    expect(ledger.fits(PATH, QUOTA, { size: 0, objects: 0 })).toBe(true);
  });

  it('holds room for what is being written, and gives it back', () => {
    ledger.learn([known(0, 0)]);
    const release = ledger.reserve(PATH, bytes(70));
    expect(ledger.left(PATH, QUOTA)).toBe(30);
    release();
    expect(ledger.left(PATH, QUOTA)).toBe(100);
  });

  it('counts its own writes at once, and tells them in one go', () => {
    ledger.learn([known(0, 0)]);
    ledger.wrote(PATH, 'a', 30, undefined);
    ledger.wrote(PATH, 'b', 20, undefined);
    ledger.refused('/other');
    expect(ledger.left(PATH, QUOTA)).toBe(50);
    expect(told).toEqual([]);
    vi.advanceTimersByTime(1000);
    expect(told).toEqual([
      { path: PATH, size: 50, objects: 2, refused: false },
      { path: '/other', size: 0, objects: 0, refused: true },
    ]);
    expect(ledger.left(PATH, QUOTA)).toBe(50);
    vi.advanceTimersByTime(10_000);
    expect(told).toHaveLength(2);
  });

  it('goes by what all processes did, once that is told', () => {
    ledger.learn([known(0, 0)]);
    ledger.wrote(PATH, 'a', 30, undefined);
    vi.advanceTimersByTime(1000);
    ledger.learn([known(80, 2)]);
    expect(ledger.left(PATH, QUOTA)).toBe(20);
  });

  it('knows what it wrote since the objects were counted, and no longer when they are counted again', () => {
    ledger.learn([known(0, 0)]);
    ledger.wrote(PATH, 'a', 30, undefined);
    expect(ledger.writtenSize(PATH, 'a')).toBe(30);
    expect(ledger.writtenSize('/team', 'photos/a')).toBeUndefined();
    ledger.wrote(PATH, 'a', 40, 30);
    ledger.deleted(PATH, 'unknown');
    expect(ledger.left(PATH, QUOTA)).toBe(60);
    ledger.deleted(PATH, 'a');
    expect(ledger.left(PATH, QUOTA)).toBe(100);
    ledger.wrote(PATH, 'b', 10, undefined);
    ledger.learn([known(10, 1, 2)]);
    expect(ledger.writtenSize(PATH, 'b')).toBeUndefined();
  });

  it('forgets paths that have no bucket with a quota any more', () => {
    ledger.learn([known(100, 1)]);
    ledger.keepOnly(new Set(['/other']));
    expect(ledger.fits(PATH, QUOTA, bytes(1))).toBe(true);
  });
});
