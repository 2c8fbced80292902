import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FolderNames } from './file-driver.js';
import { NameCollector } from './name-collector.js';

function collected(names: readonly string[], runLength?: number): FolderNames {
  const collector = new NameCollector(runLength);
  for (const name of names) collector.add(name);
  return collector.sorted();
}

/** A byte string of up to 12 bytes. */
const NAME = fc.uint8Array({ minLength: 1, maxLength: 12 }).map((bytes) => Buffer.from(bytes).toString('latin1'));

describe('NameCollector', () => {
  it('gives names in byte order, however many runs they come in', () => {
    fc.assert(
      fc.property(fc.uniqueArray(NAME, { maxLength: 300 }), fc.integer({ min: 1, max: 80 }), (names, runLength) => {
        const sorted = collected(names, runLength);
        const expected = names.toSorted();
        expect([...sorted]).toEqual(expected);
        expect(sorted).toHaveLength(names.length);
        for (const index of [0, 1, names.length - 1, names.length]) expect(sorted.at(index)).toBe(expected[index]);
      }),
    );
  });

  it.each([0, 1, 63, 64, 65, 16_383, 16_384, 16_385, 50_000])('takes %i names', (count) => {
    const names = Array.from({ length: count }, (_, index) => `key-${(index * 7919) % 99_991}`);
    expect([...collected(names)]).toEqual(names.toSorted());
  });
});
