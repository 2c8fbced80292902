import { describe, expect, it } from 'vitest';
import { LateSharing } from './late-sharing.js';

describe('LateSharing', () => {
  it('gives nobody what was found before they asked, and all who wait one look', async () => {
    const sharing = new LateSharing<number>();
    const ends: (() => void)[] = [];
    let looks = 0;
    const look = (): Promise<number> => {
      const number = ++looks;
      return new Promise((resolve) => ends.push(() => resolve(number)));
    };
    const first = sharing.get('a', look);
    const together = sharing.get('a', look);
    await Promise.resolve();
    const later = [sharing.get('a', look), sharing.get('a', look)];
    expect(looks).toBe(1);
    ends.shift()?.();
    expect([await first, await together]).toEqual([1, 1]);
    await expect.poll(() => looks).toBe(2);
    ends.shift()?.();
    expect(await Promise.all(later)).toEqual([2, 2]);
  });

  it('lets a failure end with those who shared it', async () => {
    const sharing = new LateSharing<number>();
    const failing = sharing.get('a', () => Promise.reject(new Error('no')));
    await Promise.resolve();
    const next = sharing.get('a', () => Promise.resolve(1));
    await expect(failing).rejects.toThrow('no');
    expect(await next).toBe(1);
  });

  it('keeps names apart', async () => {
    const sharing = new LateSharing<string>();
    expect(await Promise.all(['a', 'b'].map((name) => sharing.get(name, () => Promise.resolve(name))))).toEqual([
      'a',
      'b',
    ]);
  });
});
