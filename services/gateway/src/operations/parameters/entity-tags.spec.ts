import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesETag } from '../../objects/write-conditions.js';
import { parseETagList, unquoteETag } from './entity-tags.js';

describe('parseETagList', () => {
  it.each([
    ['*', '*'],
    ['"a"', ['a']],
    ['a', ['a']],
    ['"a", "b"', ['a', 'b']],
    ['"a","b"', ['a', 'b']],
    ['a, b', ['a', 'b']],
    ['"a,b"', ['a,b']],
    ['"", "b"', ['', 'b']],
    ['"open', ['open']],
    [',, "a" ,', ['a']],
    ['*, "a"', '*'],
    ['', []],
  ])('%s', (header, list) => {
    expect(parseETagList(header, 'strong')).toEqual(list);
  });

  it('lets a weak tag equal its strong twin only weakly', () => {
    expect(matchesETag(parseETagList('W/"a"', 'weak'), 'a')).toBe(true);
    expect(matchesETag(parseETagList('W/"a"', 'strong'), 'a')).toBe(false);
    expect(matchesETag(parseETagList('W/"a", "b"', 'strong'), 'b')).toBe(true);
  });

  it('gives back every tag that was joined into it', () => {
    const tag = fc.stringMatching(/^[!#-)+-~]{1,20}$/);
    fc.assert(
      fc.property(fc.array(tag, { minLength: 1 }), (tags) => {
        expect(parseETagList(tags.map((text) => `"${text}"`).join(', '), 'strong')).toEqual(tags);
      }),
    );
  });

  it('ends on any text', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseETagList(text, 'weak')));
  });
});

describe('unquoteETag', () => {
  it.each([
    ['"a"', 'a'],
    ['a', 'a'],
    ['"', '"'],
    ['""', ''],
  ])('%s', (text, tag) => {
    expect(unquoteETag(text)).toBe(tag);
  });
});
