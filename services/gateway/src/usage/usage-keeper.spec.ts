import { ConsoleLogger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { BucketMapping } from '../config/snapshot.js';
import type { Measurement, PathUsage } from './bucket-usage.js';
import { UsageKeeper } from './usage-keeper.js';

const INTERVAL_S = 60;

function bucket(name: string, path: string, quota?: BucketMapping['quota']): BucketMapping {
  return { name, path, grants: [], anonymous: 'none', ...(quota && { quota }) };
}

/** Processes that count when a test says what. */
class Counting {
  readonly asked: string[] = [];
  readonly told: PathUsage[] = [];
  running = 0;
  answer: (path: string) => Promise<Measurement | undefined> = () => Promise.resolve({ size: 10, objects: 1 });

  async measure(path: string): Promise<Measurement | undefined> {
    expect(++this.running).toBe(1);
    this.asked.push(path);
    const measured = await this.answer(path);
    this.running--;
    return measured;
  }

  tellUsage(usages: readonly PathUsage[]): void {
    this.told.push(...usages);
  }
}

describe('UsageKeeper', () => {
  const QUOTA = { maxBytes: 100, mode: 'enforce' } as const;
  const warnings: unknown[] = [];
  const log = new ConsoleLogger({ logLevels: [] });
  log.warn = (message: unknown) => void warnings.push(message);
  let keeper: UsageKeeper;
  let processes: Counting;
  beforeEach(() => {
    vi.useFakeTimers();
    warnings.length = 0;
    keeper = new UsageKeeper(log);
    processes = new Counting();
  });
  afterEach(() => {
    keeper.close();
    vi.useRealTimers();
  });

  function follow(...buckets: BucketMapping[]): void {
    keeper.follow(buckets, INTERVAL_S);
  }

  it('never counts a bucket without a quota', async () => {
    follow(bucket('free', '/free'));
    keeper.begin(processes);
    await vi.advanceTimersByTimeAsync(10 * INTERVAL_S * 1000);
    expect(processes.asked).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('counts each path once an interval, one after the other', async () => {
    follow(bucket('a', '/a', QUOTA), bucket('b', '/b', QUOTA), bucket('again', '/a', QUOTA));
    keeper.begin(processes);
    await vi.advanceTimersByTimeAsync(1000);
    expect(processes.asked).toEqual(['/a', '/b']);
    await vi.advanceTimersByTimeAsync(INTERVAL_S * 1000 - 2000);
    expect(processes.asked).toHaveLength(2);
    follow(bucket('a', '/a', QUOTA), bucket('b', '/b', QUOTA), bucket('new', '/new', QUOTA));
    await vi.advanceTimersByTimeAsync(10);
    expect(processes.asked).toEqual(['/a', '/b', '/new']);
    await vi.advanceTimersByTimeAsync(3000);
    expect(processes.asked).toEqual(['/a', '/b', '/new', '/a', '/b']);
  });

  it('tells the processes and reports what was counted, with what was written since', async () => {
    follow(bucket('a', '/a', QUOTA));
    keeper.begin(processes);
    expect(keeper.report()).toEqual([]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(keeper.report()).toMatchObject([
      { bucket: 'a', size: 10, objects: 1, approximate: false, exceeded: false, quota: QUOTA },
    ]);
    keeper.changed([
      { path: '/a', size: 5, objects: 1, refused: false },
      { path: '/unknown', size: 5, objects: 1, refused: false },
    ]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(processes.told.map(({ size, objects }) => [size, objects])).toEqual([
      [10, 1],
      [15, 2],
    ]);
    expect(keeper.all()).toMatchObject([{ path: '/a', size: 15 }]);
    expect(keeper.report()).toMatchObject([{ size: 15, approximate: true }]);
  });

  it('adds what was written while it counted, and drops what was written before', async () => {
    follow(bucket('a', '/a', QUOTA));
    keeper.changed([{ path: '/a', size: 7, objects: 1, refused: false }]);
    let finish: (measured: Measurement) => void = () => undefined;
    processes.answer = () => new Promise((resolve) => (finish = resolve));
    keeper.begin(processes);
    await vi.advanceTimersByTimeAsync(10);
    keeper.changed([{ path: '/a', size: 3, objects: 1, refused: false }]);
    finish({ size: 50, objects: 4 });
    await vi.advanceTimersByTimeAsync(10);
    expect(keeper.report()).toMatchObject([{ size: 53, objects: 5 }]);
  });

  it('says that a quota is exceeded where the bucket is full', async () => {
    processes.answer = () => Promise.resolve({ size: 100, objects: 1 });
    follow(bucket('a', '/a', { maxBytes: 100, mode: 'report' }), bucket('b', '/a', { maxObjects: 2, mode: 'enforce' }));
    keeper.begin(processes);
    await vi.advanceTimersByTimeAsync(10);
    expect(keeper.report().map(({ exceeded }) => exceeded)).toEqual([true, false]);
  });

  it('says so for an interval after a write was refused, or until the quota is another one', async () => {
    follow(bucket('a', '/a', QUOTA));
    keeper.begin(processes);
    await vi.advanceTimersByTimeAsync(1000);
    const refusal = { path: '/a', size: 0, objects: 0, refused: true };
    keeper.changed([refusal]);
    expect(keeper.report()).toMatchObject([{ exceeded: true, approximate: false }]);
    await vi.advanceTimersByTimeAsync(INTERVAL_S * 1000);
    expect(keeper.report()).toMatchObject([{ exceeded: false }]);
    keeper.changed([refusal]);
    follow(bucket('a', '/a', { maxBytes: 200, mode: 'enforce' }));
    expect(keeper.report()).toMatchObject([{ exceeded: false }]);
    // Of before, told late.
    await vi.advanceTimersByTimeAsync(600);
    keeper.changed([refusal]);
    expect(keeper.report()).toMatchObject([{ exceeded: false }]);
    await vi.advanceTimersByTimeAsync(600);
    keeper.changed([refusal]);
    expect(keeper.report()).toMatchObject([{ exceeded: true }]);
  });

  it('keeps what it knows of a storage that is away, says so once, and tries again an interval later', async () => {
    follow(bucket('a', '/a', QUOTA));
    keeper.begin(processes);
    await vi.advanceTimersByTimeAsync(1000);
    processes.answer = () => Promise.resolve({ failure: 'it is away' });
    await vi.advanceTimersByTimeAsync(3 * INTERVAL_S * 1000);
    expect(processes.asked).toHaveLength(4);
    expect(warnings).toEqual(['the objects at /a could not be counted: it is away']);
    expect(keeper.report()).toMatchObject([{ size: 10 }]);
  });

  it('asks another process soon where the one that counted died', async () => {
    processes.answer = () => Promise.resolve(undefined);
    follow(bucket('a', '/a', QUOTA));
    keeper.begin(processes);
    await vi.advanceTimersByTimeAsync(10);
    processes.answer = () => Promise.resolve({ size: 1, objects: 1 });
    await vi.advanceTimersByTimeAsync(2000);
    expect(processes.asked).toEqual(['/a', '/a']);
    expect(keeper.report()).toMatchObject([{ size: 1 }]);
  });

  it('forgets a bucket whose quota is gone, and one that moved', async () => {
    follow(bucket('a', '/a', QUOTA));
    keeper.begin(processes);
    await vi.advanceTimersByTimeAsync(1000);
    follow(bucket('a', '/elsewhere', QUOTA));
    expect(keeper.report()).toEqual([]);
    follow(bucket('a', '/a'));
    expect(keeper.all()).toEqual([]);
  });
});
