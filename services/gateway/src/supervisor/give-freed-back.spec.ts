import v8 from 'node:v8';
import vm from 'node:vm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findLibc } from '../native/libc.js';
import { giveFreedBack } from './give-freed-back.js';

function work(): void {
  const { user } = process.cpuUsage();
  while (process.cpuUsage().user - user < 40_000);
}

describe('giveFreedBack', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
  afterEach(() => void vi.useRealTimers());

  it('gives back after work, and leaves a quiet process alone', () => {
    const trim = vi.fn();
    const timer = giveFreedBack(trim);
    work();
    vi.advanceTimersByTime(2000);
    expect(trim).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(2000);
    expect(trim).toHaveBeenCalledTimes(1);
    work();
    vi.advanceTimersByTime(2000);
    expect(trim).toHaveBeenCalledTimes(2);
    clearInterval(timer);
  });
});

const trimHeap = findLibc()?.trimHeap;

describe.skipIf(trimHeap === undefined)('trimHeap (needs glibc)', () => {
  it('gives holes between what is in use back to the system', async () => {
    v8.setFlagsFromString('--expose-gc');
    const collect = vm.runInNewContext('gc') as NodeJS.GCFunction;
    let buffers: (Buffer | undefined)[] = Array.from({ length: 60_000 }, () => Buffer.allocUnsafeSlow(1000).fill(1));
    // Every hundredth stays, so that nothing ends at the end of the memory.
    buffers = buffers.map((buffer, index) => (index % 100 === 0 ? buffer : undefined));
    collect();
    // They are freed by another thread.
    await expect.poll(() => process.memoryUsage().arrayBuffers).toBeLessThan(20_000_000);
    const before = process.memoryUsage.rss();
    trimHeap?.();
    expect(before - process.memoryUsage.rss()).toBeGreaterThan(10_000_000);
    expect(buffers).toHaveLength(60_000);
  });
});
