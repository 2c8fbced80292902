import type { Stats } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecordCache } from './record-cache.js';

const LONG_AGO = Date.now() - 60_000;

function statOf(ino: number, ctimeMs = LONG_AGO, dev = 1): Stats {
  return { ino, ctimeMs, dev } as Stats;
}

describe('RecordCache', () => {
  it('gives a record back while the file is unchanged', () => {
    const cache = new RecordCache();
    cache.set(statOf(7), Buffer.from('record'));
    expect(cache.get(statOf(7))?.toString()).toBe('record');
    expect(cache.get(statOf(7, LONG_AGO + 1))).toBeUndefined();
    expect(cache.get(statOf(7, LONG_AGO, 2))).toBeUndefined();
    expect(cache.get(statOf(8))).toBeUndefined();
    cache.set(statOf(7, LONG_AGO + 1), Buffer.from('new'));
    expect(cache.get(statOf(7, LONG_AGO + 1))?.toString()).toBe('new');
    expect(cache.get(statOf(7))).toBeUndefined();
  });

  it('knows that a file has none', () => {
    const cache = new RecordCache();
    cache.set(statOf(7), undefined);
    expect(cache.get(statOf(7))).toHaveLength(0);
  });

  it('does not keep what may have changed in the same tick', () => {
    const cache = new RecordCache();
    const now = Date.now();
    cache.set(statOf(7, now), Buffer.from('record'));
    cache.set(statOf(8), Buffer.from('record'));
    expect(cache.get(statOf(7, now))).toBeUndefined();
  });

  it('keeps the beginning of what is large', () => {
    const cache = new RecordCache();
    cache.set(statOf(8), Buffer.alloc(500, 'x'));
    cache.set(statOf(9), Buffer.from('y'));
    expect(cache.get(statOf(8))?.toString()).toBe('x'.repeat(59));
    expect(cache.get(statOf(9))?.toString()).toBe('y');
  });

  it('gives a copy, which stays what it was', () => {
    const cache = new RecordCache();
    cache.set(statOf(7), Buffer.from('one'));
    const one = cache.get(statOf(7));
    cache.set(statOf(7), Buffer.from('two'));
    expect(one?.toString()).toBe('one');
  });

  it('holds most of ten thousand files that were made one after the other', () => {
    const cache = new RecordCache();
    const inodes = Array.from({ length: 10_000 }, (_, i) => 12_345 + i + (i > 4_000 ? 1_000_000 : 0));
    for (const ino of inodes) cache.set(statOf(ino), Buffer.from(String(ino)));
    const known = inodes.filter((ino) => cache.get(statOf(ino)) !== undefined);
    expect(known.length).toBeGreaterThan(8_000);
  });

  it("never gives one file another's record", () => {
    const cache = new RecordCache();
    const inode = fc.oneof(
      fc.integer({ min: 1, max: 2 ** 34 }),
      fc
        .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 9 }))
        .map(([low, high]) => low + high * 2 ** 16),
    );
    fc.assert(
      fc.property(fc.array(inode, { maxLength: 50 }), (inodes) => {
        for (const ino of inodes) {
          cache.set(statOf(ino), Buffer.from(String(ino)));
          expect(cache.get(statOf(ino))?.toString()).toBe(String(ino));
        }
        for (const ino of inodes) {
          const known = cache.get(statOf(ino));
          if (known) expect(known.toString()).toBe(String(ino));
        }
      }),
    );
  });
});
