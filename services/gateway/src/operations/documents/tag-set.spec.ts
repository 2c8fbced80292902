import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkTagSet, MAX_OBJECT_TAGS, parseTaggingHeader } from './tag-set.js';

describe('parseTaggingHeader', () => {
  it('decodes, and answers in key order', () => {
    expect(parseTaggingHeader('foo=bar&bar')).toEqual([
      { key: 'bar', value: '' },
      { key: 'foo', value: 'bar' },
    ]);
    expect(parseTaggingHeader('a+b=c%2Bd%3D&%C3%A9=%E6%97%A5')).toEqual([
      { key: 'a b', value: 'c+d=' },
      { key: 'é', value: '日' },
    ]);
    expect(parseTaggingHeader('')).toEqual([]);
  });

  it.each([
    ['a=1&a=2', 'InvalidTag'],
    ['a=1&', 'InvalidTag'],
    ['=1', 'InvalidTag'],
    ['aws:x=1', 'InvalidTag'],
    ['a=%3C', 'InvalidTag'],
    ['a=%ff', 'InvalidArgument'],
    ['a=%', 'InvalidArgument'],
  ])('refuses %s', (header, code) => {
    expect(() => parseTaggingHeader(header)).toThrow(expect.objectContaining({ code }));
  });

  it('gives back any tags that are allowed', () => {
    const key = fc.stringMatching(/^[a-zA-Z0-9 +\-=._:/@]{1,20}$/).filter((text) => !text.startsWith('aws:'));
    const tag = fc.record({ key, value: fc.stringMatching(/^[a-zA-Z0-9 +\-=._:/@é日]{0,20}$/) });
    const tags = fc.uniqueArray(tag, { selector: (entry) => entry.key, maxLength: MAX_OBJECT_TAGS });
    fc.assert(
      fc.property(tags, (list) => {
        const header = new URLSearchParams(
          list.map(({ key: name, value }): [string, string] => [name, value]),
        ).toString();
        const parsed = parseTaggingHeader(header);
        expect(new Map(parsed.map((entry) => [entry.key, entry.value]))).toEqual(
          new Map(list.map((entry) => [entry.key, entry.value])),
        );
      }),
    );
  });
});

function numbered(count: number): { key: string; value: string }[] {
  return Array.from({ length: count }, (_, i) => ({ key: `${i}`, value: '' }));
}

describe('checkTagSet', () => {
  it('has limits of number and length', () => {
    expect(() => checkTagSet(numbered(10), 10)).not.toThrow();
    expect(() => checkTagSet([{ key: 'k'.repeat(128), value: 'v'.repeat(256) }], 10)).not.toThrow();
    for (const bad of [numbered(11), [{ key: 'k'.repeat(129), value: '' }], [{ key: 'k', value: 'v'.repeat(257) }]]) {
      expect(() => checkTagSet(bad, 10)).toThrow(expect.objectContaining({ code: 'InvalidTag' }));
    }
  });
});
