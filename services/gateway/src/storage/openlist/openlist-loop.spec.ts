import { describe, expect, it } from 'vitest';
import { LoopProbe } from './openlist-loop.js';

describe('LoopProbe', () => {
  const probe = new LoopProbe('token');

  it.each([
    ['a path', (name: string) => `a/b/${name}`],
    ['a name', (name: string) => name],
    ['the target of a look for a file', (name: string) => `/bucket/pre/${name}`],
    ['the target of a listing', (name: string) => `/bucket?list-type=2&max-keys=1&prefix=${name}%2F`],
    ['the target of a listing below a folder', (name: string) => `/bucket?prefix=a%2Fb%2f${name}%2F`],
  ])('finds its own names in %s, of any process', (_, where) => {
    expect(probe.isIn(where(new LoopProbe('token').newName()))).toBe(true);
    expect(probe.isIn(where(new LoopProbe('other token').newName()))).toBe(false);
  });

  it('makes a new name each time, and takes no other', () => {
    const name = probe.newName();
    expect(probe.newName()).not.toBe(name);
    for (const other of [
      '',
      'a/b',
      name.slice(0, -1),
      `x${name}`,
      name.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
    ]) {
      expect(probe.isIn(other)).toBe(false);
    }
  });
});
