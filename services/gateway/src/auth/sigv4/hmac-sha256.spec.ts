import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { HmacSha256Key } from './hmac-sha256.js';

it('HmacSha256Key gives what createHmac gives, for keys and messages of any length', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.string({ maxLength: 200 })),
      fc.array(fc.string({ unit: 'grapheme', maxLength: 2000, size: 'max' }), { maxLength: 3 }),
      (key, messages) => {
        const hmac = new HmacSha256Key(key);
        for (const message of messages) {
          const expected = createHmac('sha256', key).update(message).digest('hex');
          expect(hmac.digest(message).toString('hex')).toBe(expected);
          expect(hmac.hexDigest(message)).toBe(expected);
        }
      },
    ),
  );
});
