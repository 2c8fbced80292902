import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.js';
import { WorkQueue } from './work-queue.js';

/** A reconcile that ends when the test says so. */
class Controlled {
  readonly started: string[] = [];
  private readonly open = new Map<string, () => void>();
  private mostOpen = 0;

  readonly reconcile = (key: string): Promise<void> => {
    expect(this.open.has(key)).toBe(false);
    this.started.push(key);
    return new Promise((resolve) => {
      this.open.set(key, resolve);
      this.mostOpen = Math.max(this.mostOpen, this.open.size);
    });
  };

  get running(): string[] {
    return [...this.open.keys()];
  }

  get most(): number {
    return this.mostOpen;
  }

  finish(key: string): void {
    this.open.get(key)?.();
    this.open.delete(key);
  }
}

describe('WorkQueue', () => {
  it('processes a key once for many adds, and once more for adds while it runs', async () => {
    const clock = new ManualClock();
    const work = new Controlled();
    const queue = new WorkQueue({ reconcile: work.reconcile, concurrency: 4, clock });
    queue.add('a');
    queue.add('a');
    expect(queue.depth).toBe(1);
    queue.start();
    queue.add('a');
    queue.add('a');
    expect(work.started).toEqual(['a']);
    work.finish('a');
    await clock.advance(0);
    expect(work.started).toEqual(['a', 'a']);
    work.finish('a');
    await clock.advance(0);
    expect(queue.processing).toBe(0);
  });

  it('runs as many keys at once as allowed, in their order', async () => {
    const clock = new ManualClock();
    const work = new Controlled();
    const queue = new WorkQueue({ reconcile: work.reconcile, concurrency: 2, clock });
    queue.start();
    for (const key of ['a', 'b', 'c', 'd']) queue.add(key);
    expect(work.running).toEqual(['a', 'b']);
    work.finish('b');
    await clock.advance(0);
    expect(work.running).toEqual(['a', 'c']);
  });

  it('waits longer after each failure, up to a limit, and forgets them after a success', async () => {
    const clock = new ManualClock();
    const delays: number[] = [];
    let healthy = false;
    const queue = new WorkQueue({
      reconcile: () => (healthy ? Promise.resolve() : Promise.reject(new Error('no'))),
      concurrency: 1,
      clock,
      onError: (_, __, retryAfterMs) => delays.push(retryAfterMs),
    });
    queue.start();
    queue.add('a');
    await clock.advance(3_000_000);
    expect(delays.slice(0, 5)).toEqual([5, 10, 20, 40, 80]);
    expect(delays.at(-1)).toBe(300_000);
    healthy = true;
    await clock.advance(300_000);
    healthy = false;
    queue.add('a');
    await clock.advance(1);
    expect(delays.at(-1)).toBe(5);
  });

  it('waits after some errors no longer than told, and as long after another as if they had been few', async () => {
    const clock = new ManualClock();
    const delays: number[] = [];
    let error = new Error('outage');
    const queue = new WorkQueue({
      reconcile: () => Promise.reject(error),
      concurrency: 1,
      clock,
      longestAfter: (thrown) => (String(thrown).includes('outage') ? 1000 : undefined),
      onError: (_, __, retryAfterMs) => delays.push(retryAfterMs),
    });
    queue.start();
    queue.add('a');
    await clock.advance(60_000);
    expect(Math.max(...delays)).toBe(1000);
    error = new Error('conflict');
    await clock.advance(3000);
    expect(delays.at(-1)).toBeLessThanOrEqual(2560);
  });

  it('comes back after the time that was asked for; of several delays, the earliest holds', async () => {
    const clock = new ManualClock();
    const times: number[] = [];
    const reconcile = (): Promise<{ requeueAfterMs: number } | void> => {
      times.push(clock.now());
      return Promise.resolve(times.length === 1 ? { requeueAfterMs: 1000 } : undefined);
    };
    const queue = new WorkQueue({ reconcile, concurrency: 1, clock });
    queue.start();
    queue.addAfter('a', 500);
    queue.addAfter('a', 100);
    queue.addAfter('a', 300);
    await clock.advance(5000);
    expect(times).toEqual([100, 1100]);
  });

  it('stops: what runs ends, what waits stays, delays are gone', async () => {
    const clock = new ManualClock();
    const work = new Controlled();
    const queue = new WorkQueue({ reconcile: work.reconcile, concurrency: 1, clock });
    queue.start();
    for (const key of ['a', 'b']) queue.add(key);
    queue.addAfter('c', 10);
    let stopped = false;
    const stopping = queue.stop().then(() => (stopped = true));
    await clock.advance(100);
    expect(stopped).toBe(false);
    work.finish('a');
    await clock.advance(0);
    await stopping;
    expect(work.started).toEqual(['a']);
    expect(queue.depth).toBe(1);
    expect(clock.pending).toBe(0);
  });

  it('survives a reconcile that throws at once and a reporter that throws', async () => {
    const clock = new ManualClock();
    let calls = 0;
    const queue = new WorkQueue({
      reconcile: () => {
        calls++;
        throw new Error('at once');
      },
      concurrency: 1,
      clock,
      onError: () => {
        throw new Error('reporter');
      },
    });
    queue.start();
    queue.add('a');
    await clock.advance(5);
    expect(calls).toBe(2);
    await queue.stop();
  });

  it('never runs a key twice at once, and runs each key after its last add', async () => {
    const key = fc.constantFrom('a', 'b', 'c');
    const step = fc.oneof(
      fc.record({ do: fc.constant('add' as const), key }),
      fc.record({ do: fc.constant('later' as const), key, ms: fc.integer({ min: 1, max: 50 }) }),
      fc.record({ do: fc.constant('finish' as const), key }),
      fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 30 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const clock = new ManualClock();
        const work = new Controlled();
        const queue = new WorkQueue({ reconcile: work.reconcile, concurrency: 2, clock });
        queue.start();
        const owed = new Set<string>();
        let seen = 0;
        const settle = (): void => {
          for (; seen < work.started.length; seen++) owed.delete(work.started[seen] ?? '');
        };
        for (const one of steps) {
          settle();
          if (one.do === 'add' || one.do === 'later') owed.add(one.key);
          if (one.do === 'add') queue.add(one.key);
          if (one.do === 'later') queue.addAfter(one.key, one.ms);
          if (one.do === 'finish') work.finish(one.key);
          if (one.do === 'wait') await clock.advance(one.ms);
          settle();
        }
        for (let round = 0; round < 20; round++) {
          for (const running of work.running) work.finish(running);
          await clock.advance(60);
          settle();
        }
        expect([...owed]).toEqual([]);
        expect(work.most).toBeLessThanOrEqual(2);
        expect(queue.depth).toBe(0);
        await queue.stop();
      }),
      { numRuns: 60 },
    );
  });
});
