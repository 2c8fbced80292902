import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PathTrie } from './path-trie.js';

const path = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 4 });
const startsWith = (a: readonly string[], b: readonly string[]): boolean => b.every((part, index) => a[index] === part);

describe('PathTrie', () => {
  it('finds what is at, above and below a path', () => {
    const trie = new PathTrie<string>();
    for (const at of ['', 'a', 'a/b', 'a/b/c', 'a/b/c/d', 'ab', 'b']) trie.add(at === '' ? [] : at.split('/'), at);
    expect([...trie.related(['a', 'b'])]).toEqual([
      { relation: 'same', value: 'a/b' },
      { relation: 'above', value: '' },
      { relation: 'above', value: 'a' },
      { relation: 'below', value: 'a/b/c' },
      { relation: 'below', value: 'a/b/c/d' },
    ]);
    expect([...trie.related(['x', 'y'])]).toEqual([{ relation: 'above', value: '' }]);
  });

  it('agrees with a list that is searched through', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(path, fc.boolean())), path, (entries, probe) => {
        const trie = new PathTrie<readonly string[]>();
        const kept: string[][] = [];
        for (const [at, keep] of entries) {
          trie.add(at, at);
          if (keep) kept.push(at);
          else trie.delete(at, at);
        }
        const expected = kept.filter((at) => startsWith(at, probe) || startsWith(probe, at));
        const found = [...trie.related(probe)].map(({ value }) => value);
        expect(found.map((at) => at.join('/')).sort()).toEqual(expected.map((at) => at.join('/')).sort());
      }),
      { numRuns: 500 },
    );
  });

  it('forgets folders that hold nothing', () => {
    const trie = new PathTrie<number>();
    const empty = JSON.stringify(trie, showMaps);
    trie.add(['a', 'b', 'c'], 1);
    trie.add(['a', 'b'], 2);
    trie.delete(['a', 'x'], 1);
    trie.delete(['a', 'b', 'c'], 1);
    trie.delete(['a', 'b'], 2);
    expect(JSON.stringify(trie, showMaps)).toBe(empty);
  });
});

function showMaps(_: string, value: unknown): unknown {
  return value instanceof Map ? [...(value as Map<unknown, unknown>)] : value;
}
