import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findLibc } from '../../native/libc.js';
import { RangeLocks } from './range-locks.js';

describe.skipIf(findLibc() === undefined)('RangeLocks (needs a C library that koffi can call)', () => {
  let folder: string;
  let open: RangeLocks[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bucketway-ranges-'));
    open = [];
  });
  afterEach(() => {
    for (const locks of open) locks.close();
    rmSync(folder, { recursive: true });
  });

  /** Each is a holder of its own, as a process is. */
  function holder(): RangeLocks {
    const locks = RangeLocks.of(join(folder, 'ranges')) as RangeLocks;
    open.push(locks);
    return locks;
  }

  it('answers at once where nobody holds the path', () => {
    expect(holder().run('a', () => 7)).toBe(7);
  });

  it.each([
    ['one process', (one: RangeLocks) => one],
    ['two', () => holder()],
  ])('keeps the requests of %s apart, one after the other', async (_, second) => {
    const one = holder();
    const other = second(one);
    const log: string[] = [];
    let finish = (): void => {};
    const first = one.run('a', async () => {
      log.push('one begins');
      await new Promise<void>((resolve) => (finish = resolve));
      log.push('one ends');
    });
    const next = other.run('a', () => void log.push('other'));
    await other.run('b', () => void log.push('another path'));
    finish();
    await Promise.all([first, next]);
    expect(log).toEqual(['one begins', 'another path', 'one ends', 'other']);
  });

  it('gives the path back where the work fails, at once or later', async () => {
    const locks = holder();
    expect(() =>
      locks.run('a', () => {
        throw new Error('at once');
      }),
    ).toThrow('at once');
    await expect(locks.run('a', () => Promise.reject(new Error('later')))).rejects.toThrow('later');
    expect(await holder().run('a', () => 'free')).toBe('free');
  });

  it('holds what it holds when it is closed, until that is given back', async () => {
    const locks = holder();
    let finish = (): void => {};
    const held = locks.run('a', () => new Promise<void>((resolve) => (finish = resolve)));
    locks.close();
    let taken = false;
    const waiting = Promise.resolve(holder().run('a', () => void (taken = true)));
    expect(taken).toBe(false);
    finish();
    await Promise.all([held, waiting]);
    expect(taken).toBe(true);
  });

  it('goes over to a new file once the old one is removed', async () => {
    const old = holder();
    void old.run('a', () => undefined);
    rmSync(join(folder, 'ranges'));
    const fresh = holder();
    const waiting: unknown[] = [];
    await vi.waitFor(
      () => {
        let answer: unknown;
        void old.run('a', () => void (answer = fresh.run('a', () => 'at once')));
        waiting.push(answer);
        expect(answer).toBeInstanceOf(Promise);
      },
      { timeout: 60_000, interval: 500 },
    );
    await Promise.all(waiting);
  });
});
