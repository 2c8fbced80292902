import { describe, expect, it } from 'vitest';
import { mergeKeyWishes } from './merge-key-wishes.js';
import type { BucketKeyWish } from './merge-key-wishes.js';

function wish(name: string, credentials: Partial<BucketKeyWish['credentials']> = {}, revoke?: string): BucketKeyWish {
  return {
    name,
    credentials: { mode: 'Managed', rotation: { overlapMs: 10 }, ...credentials },
    ...(revoke && { revoke }),
  };
}

describe('S3Buckets that share a Secret', () => {
  it('rotate at the shortest interval with the longest overlap', () => {
    const merged = mergeKeyWishes([
      wish('a'),
      wish('b', { rotation: { intervalMs: 300, overlapMs: 20 } }),
      wish('c', { rotation: { intervalMs: 200, overlapMs: 5 } }),
    ]);
    expect(merged).toEqual({
      mode: 'Managed',
      intervalMs: 200,
      overlapMs: 20,
      rotationRequests: new Map(),
      revoke: new Set(),
    });
  });

  it('keep their requests apart, and revoke for all', () => {
    const merged = mergeKeyWishes([
      wish('a', { rotationRequest: 'x' }, 'BW1, BW2'),
      wish('b', { rotationRequest: '' }, 'BW3'),
    ]);
    expect(merged.rotationRequests).toEqual(new Map([['a', 'x']]));
    expect(merged.revoke).toEqual(new Set(['BW1', 'BW2', 'BW3']));
  });

  it.each([
    [[], 'None'],
    [['None'], 'None'],
    [['None', 'Managed'], 'Managed'],
    [['Managed', 'Existing'], 'Existing'],
  ] as const)('of the modes %j have %s', (modes, mode) => {
    const pair = { accessKeyId: 'MYKEY', secretAccessKey: 'my-secret-key' };
    expect(
      mergeKeyWishes(
        modes.map((each, index) => wish(String(index), { mode: each })),
        pair,
      ),
    ).toMatchObject({ mode });
  });
});
