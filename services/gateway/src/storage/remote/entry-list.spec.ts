import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { liveBytes } from '../../../test/support/live-bytes.js';
import { EntryList } from './entry-list.js';
import type { RemoteEntry } from './remote-entry.js';

const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }).filter((text) => !text.endsWith('/'));
const entries: fc.Arbitrary<RemoteEntry[]> = fc.array(
  fc.record({
    name,
    kind: fc.constantFrom('file', 'folder'),
    size: fc.nat(),
    mtimeMs: fc.maxSafeNat(),
    identity: fc.string({ unit: 'binary', maxLength: 30 }),
  }),
  { maxLength: 60 },
);

describe('EntryList', () => {
  it('gives back what it was given', () => {
    fc.assert(
      fc.property(entries, (all) => {
        expect([...EntryList.of(all)]).toEqual(all);
      }),
    );
  });

  it('orders names by their bytes, and each once', () => {
    const property = fc.property(entries, (all) => {
      const list = EntryList.of(all);
      const bytes = (one: RemoteEntry): Buffer => Buffer.from(one.kind === 'folder' ? `${one.name}/` : one.name);
      const sorted = all.map(bytes).sort((a, b) => a.compare(b));
      const distinct = sorted.filter((one, i) => i === 0 || !one.equals(sorted[i - 1] as Buffer));
      expect(Array.from(list.inOrder(), (place) => list.byteNameAt(place))).toEqual(
        distinct.map((one) => one.toString('latin1')),
      );
    });
    fc.assert(property);
  });

  it('finds names by how they begin', () => {
    const property = fc.property(entries, name, (all, prefix) => {
      const list = EntryList.of(all);
      const expected = all.filter((one) => `${one.name}${one.kind === 'folder' ? '/' : ''}`.startsWith(prefix));
      expect([...list.startingWith(prefix)]).toEqual(expected);
      expect(list.has(prefix)).toBe(all.some((one) => one.name === prefix));
    });
    fc.assert(property);
    expect([...EntryList.of([entryOf(7), entryOf(17)]).startingWith('file-00000007')]).toEqual([entryOf(7)]);
  });

  it('takes at most 44 bytes an entry beside name and identity, and nothing of the heap', () => {
    const count = 300_000;
    const before = liveBytes();
    const list = new EntryList();
    for (let i = 0; i < count; i++) list.add(entryOf(i));
    list.trim();
    const order = list.inOrder();
    const after = liveBytes();
    expect([list.length, order.length]).toEqual([count, count]);
    const { name: first, identity } = entryOf(0);
    expect((after.total - before.total) / count).toBeLessThan(44 + first.length + identity.length);
    expect((after.heap - before.heap) / count).toBeLessThan(10);
  });
});

function entryOf(index: number): RemoteEntry {
  const number = String(index).padStart(8, '0');
  return { name: `file-${number}`, kind: 'file', size: index, mtimeMs: index * 1000, identity: `tag-${number}-of-it` };
}
