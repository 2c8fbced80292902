import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toByteString } from '../../../storage/byte-string.js';
import { isCut, uploadIdOf, uploadName } from './upload-name.js';

const ID = '0'.repeat(32);
const key = fc.string({ unit: 'binary', minLength: 1, maxLength: 15 }).filter((text) => text.isWellFormed());

describe('the name of an upload', () => {
  it('sorts as the key does', () => {
    fc.assert(
      fc.property(key, key, (one, other) => {
        const [first, second] = [one, other].map(toByteString) as [string, string];
        const [firstName, secondName] = [uploadName(one, ID), uploadName(other, ID)];
        expect(firstName < secondName).toBe(first < second);
        expect(firstName === secondName).toBe(first === second);
      }),
    );
  });

  it.each([['a'], ['a/b'], ['a-b'], ['\u0001'], ['\u{10ffff}'], ['x'.repeat(1024)]])(
    'is short and plain: %j',
    (text) => {
      const name = uploadName(text, ID);
      expect(name).toMatch(/^[0-9a-v]+-0{32}$/);
      expect(name.length).toBeLessThanOrEqual(129);
      expect(uploadIdOf(name)).toBe(ID);
    },
  );

  it('says whether it holds the whole key', () => {
    const isNameCut = (text: string): boolean => isCut(uploadName(text, ID).slice(0, -33));
    expect(isNameCut('x'.repeat(59))).toBe(false);
    expect(isNameCut('x'.repeat(61))).toBe(true);
    expect(uploadName(`${'x'.repeat(60)}a`, ID)).toBe(uploadName(`${'x'.repeat(60)}b`, ID));
  });

  it.each([['c4'], ['-' + ID], [`c4-${ID}0`], [`c4-../${ID}`], [ID]])('is none: %j', (name) => {
    expect(uploadIdOf(name)).toBeUndefined();
  });
});
