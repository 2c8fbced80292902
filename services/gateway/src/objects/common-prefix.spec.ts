import { describe, expect, it } from 'vitest';
import { commonPrefix } from './common-prefix.js';

describe('commonPrefix', () => {
  it.each([
    ['a/b/c', '', '/', 'a/'],
    ['a/b/c', 'a/', '/', 'a/b/'],
    ['a/b', 'a/', '/', undefined],
    ['a--b', '', '--', 'a--'],
    ['a--b', 'a-', '--', undefined],
    ['a/b', '', '', undefined],
    ['b/c', 'a', '/', undefined],
    ['a/', 'a/', '/', undefined],
  ])('of %s below %j by %j is %s', (name, prefix, delimiter, expected) => {
    expect(commonPrefix(name, { prefix, delimiter })).toBe(expected);
  });
});
