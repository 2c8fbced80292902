import { describe, expect, it } from 'vitest';
import { selects } from './label-selector.js';
import type { LabelRequirement } from './label-selector.js';

describe('a label selector', () => {
  it.each<[LabelRequirement['operator'], string[], Record<string, string>, boolean]>([
    ['In', ['a', 'b'], { tier: 'b' }, true],
    ['In', ['a'], { tier: 'b' }, false],
    ['In', ['a'], {}, false],
    ['NotIn', ['a'], { tier: 'b' }, true],
    ['NotIn', ['a'], { tier: 'a' }, false],
    ['NotIn', ['a'], {}, true],
    ['Exists', [], { tier: '' }, true],
    ['Exists', [], {}, false],
    ['DoesNotExist', [], {}, true],
    ['DoesNotExist', [], { tier: '' }, false],
  ])('with %s %j and labels %j: %s', (operator, values, labels, selected) => {
    expect(selects([{ key: 'tier', operator, values }], labels)).toBe(selected);
  });

  it('is empty: everything', () => {
    expect(selects([], {})).toBe(true);
  });

  it('demands all it says', () => {
    const selector: LabelRequirement[] = [
      { key: 'a', operator: 'Exists', values: [] },
      { key: 'b', operator: 'Exists', values: [] },
    ];
    expect(selects(selector, { a: '' })).toBe(false);
    expect(selects(selector, { a: '', b: '' })).toBe(true);
  });

  it('finds no label that objects inherit', () => {
    expect(selects([{ key: 'constructor', operator: 'Exists', values: [] }], {})).toBe(false);
  });
});
