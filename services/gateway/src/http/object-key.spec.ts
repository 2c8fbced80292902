import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_KEY_BYTES, parseObjectKey } from './object-key.js';

describe('parseObjectKey', () => {
  it.each([
    'a',
    '/',
    '//',
    'a/b',
    'a/',
    '.',
    '..',
    '../x',
    ' ',
    '\n',
    '\u{1f600}',
    'é',
    'x'.repeat(1024),
    'é'.repeat(512),
    '\u{1f600}'.repeat(256),
  ])('takes %j', (text) => {
    expect(parseObjectKey(text)).toBe(text);
  });

  it.each([
    ['nothing', '', 'InvalidURI'],
    ['NUL', 'a\0b', 'InvalidURI'],
    ['half a surrogate pair', 'a\ud800', 'InvalidURI'],
    ['the other half', '\udc00a', 'InvalidURI'],
    ['a byte too many', 'x'.repeat(1025), 'KeyTooLongError'],
    ['a byte too many in wide characters', `${'é'.repeat(512)}x`, 'KeyTooLongError'],
    ['a byte too many in pairs', `${'\u{1f600}'.repeat(256)}x`, 'KeyTooLongError'],
  ])('refuses %s', (_, text, code) => {
    expect(() => parseObjectKey(text)).toThrow(expect.objectContaining({ code }));
  });

  it('takes text if and only if it is a key, and never changes it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (text) => {
        const bytes = Buffer.byteLength(text);
        if (bytes > 0 && bytes <= MAX_KEY_BYTES && text.isWellFormed() && !text.includes('\0')) {
          expect(parseObjectKey(text)).toBe(text);
        } else expect(() => parseObjectKey(text)).toThrow();
      }),
    );
  });
});
