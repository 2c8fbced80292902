import { describe, expect, it } from 'vitest';
import { signatureEquals } from './signature-equals.js';

const HEX = 'a1'.repeat(32);

describe('signatureEquals', () => {
  it.each([
    ['the same', HEX, HEX, true],
    ['the same in base64', 'x'.repeat(27) + '=', 'x'.repeat(27) + '=', true],
    ['another', HEX, `${HEX.slice(0, -1)}2`, false],
    ['a shorter one', HEX, HEX.slice(0, -1), false],
    ['a longer one', HEX, `${HEX}a`, false],
    ['none', HEX, '', false],
    ['a text that is the same in the lower bits of its characters', HEX, `\u0161${HEX.slice(1)}`, false],
  ])('%s', (_, expected, provided, equal) => {
    expect(signatureEquals(expected, provided)).toBe(equal);
  });

  it('is not misled by what it compared before', () => {
    expect(signatureEquals(HEX, '\u00e9'.repeat(64))).toBe(false);
    expect(signatureEquals(HEX, HEX)).toBe(true);
    expect(signatureEquals('abcd', 'abcd')).toBe(true);
  });
});
