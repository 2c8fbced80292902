import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeContinuationToken, encodeContinuationToken } from './continuation-token.js';

describe('continuation token', () => {
  it('gives back what it was made of', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 100 }), (last) => {
        const token = encodeContinuationToken(last);
        expect(token).toMatch(/^[\w-]+$/);
        expect(decodeContinuationToken(token)).toBe(last);
      }),
    );
  });

  it.each([
    ['nothing', ''],
    ['another version', Buffer.from('\u0002key').toString('base64url')],
    ['a plain key', 'folder/key'],
    ['padding', `${encodeContinuationToken('k')}==`],
    ['stray characters', `${encodeContinuationToken('key')} `],
    ['bytes that are not UTF-8', Buffer.from([1, 0xff]).toString('base64url')],
    ['more than a key can be', encodeContinuationToken('x'.repeat(1025))],
  ])('is refused with %s', (_, token) => {
    expect(() => decodeContinuationToken(token)).toThrow('The continuation token provided is incorrect');
  });

  it('is refused or canonical, whatever a client makes up', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        let last: string;
        try {
          last = decodeContinuationToken(text);
        } catch {
          return;
        }
        expect(encodeContinuationToken(last)).toBe(text);
      }),
    );
  });
});
