import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { s3Request } from '../../test/support/s3-request.js';
import { hoistedHeaders } from './hoisted-headers.js';
import { encodePercent } from './percent-encoding.js';

const SIGNED = 'X-Amz-Signature=abc';

describe('hoistedHeaders', () => {
  it.each([
    ['x-amz-meta-a=b', 'x-amz-meta-a', 'b'],
    ['X-Amz-Meta-A=b%20c', 'x-amz-meta-a', 'b c'],
    ['x-amz-copy-source=a%2Fb', 'x-amz-copy-source', 'a/b'],
    ['x-amz-acl=private', 'x-amz-acl', 'private'],
    ['x-amz-tagging=a%3Db', 'x-amz-tagging', 'a=b'],
  ])('reads %s of a presigned URL as a header', (query, name, value) => {
    for (const signature of [SIGNED, 'Signature=abc']) {
      expect(hoistedHeaders(s3Request({ query: `${query}&${signature}` })).get(name)).toBe(value);
    }
  });

  it.each([
    'X-Amz-Algorithm=x',
    'X-Amz-Content-Sha256=x',
    'X-Amz-Credential=x',
    'X-Amz-Date=x',
    'X-Amz-Decoded-Content-Length=1',
    'X-Amz-Expires=1',
    'x-amz-sdk-checksum-algorithm=CRC32',
    'x-amz-checksum-crc32=AAAAAA%3D%3D',
    'X-Amz-Security-Token=x',
    'X-Amz-SignedHeaders=host',
    'x-amz-trailer=x',
    'x-amz-user-agent=x',
    'content-type=text%2Fhtml',
    'response-content-type=text%2Fhtml',
    'prefix=a',
  ])('leaves %s where it is', (query) => {
    const request = s3Request({ query: `${query}&${SIGNED}` });
    expect(hoistedHeaders(request)).toBe(request.headers);
  });

  it.each(['', 'x-amz-meta-a=b', 'x-amz-meta-a=b&x-amz-signature=abc', 'x-amz-acl=private&prefix=Signature'])(
    'takes nothing from a URL that is not presigned: %j',
    (query) => {
      const request = s3Request({ query });
      expect(hoistedHeaders(request)).toBe(request.headers);
    },
  );

  it('takes a header that says the same', () => {
    const request = s3Request({ query: `x-amz-meta-a=b&${SIGNED}`, headers: { 'X-Amz-Meta-A': 'b' } });
    expect(hoistedHeaders(request).get('x-amz-meta-a')).toBe('b');
  });

  it.each([
    ['a header', `x-amz-meta-a=b&${SIGNED}`, { 'x-amz-meta-a': 'c' }],
    ['another parameter', `x-amz-meta-a=b&X-AMZ-META-A=c&${SIGNED}`, {}],
  ])('refuses what %s contradicts', (_, query, headers) => {
    expect(() => hoistedHeaders(s3Request({ query, headers }))).toThrow(
      expect.objectContaining({ code: 'AccessDenied' }),
    );
  });

  it('keeps text as a header brings it, byte for byte', () => {
    const bytes = Buffer.from('日本語').toString('latin1');
    const query = `x-amz-meta-a=${encodePercent('日本語')}&${SIGNED}`;
    expect(hoistedHeaders(s3Request({ query })).get('x-amz-meta-a')).toBe(bytes);
    expect(hoistedHeaders(s3Request({ query, headers: { 'x-amz-meta-a': bytes } })).get('x-amz-meta-a')).toBe(bytes);
  });

  it.each(['x-amz-meta-a=b%0d%0ac', 'x-amz-meta-a=%00', 'x-amz-meta-a%20b=c', 'x-amz-meta-%E2%82%AC=c'])(
    'refuses %s, which no answer could bring back',
    (query) => {
      expect(() => hoistedHeaders(s3Request({ query: `${query}&${SIGNED}` }))).toThrow(
        expect.objectContaining({ code: 'InvalidArgument' }),
      );
    },
  );

  it('loses none of the headers that came', () => {
    const name = fc.stringMatching(/^x-amz-meta-[a-c]$/);
    const pairs = fc.dictionary(name, fc.string({ unit: 'grapheme-ascii' }), { maxKeys: 3 });
    fc.assert(
      fc.property(pairs, pairs, (sent, hoisted) => {
        const query = Object.entries(hoisted).map(([each, value]) => `${each}=${encodePercent(value)}`);
        const request = s3Request({ query: [...query, SIGNED].join('&'), headers: { ...hoisted, ...sent } });
        const contradicts = Object.keys(hoisted).some((each) => (sent[each] ?? hoisted[each]) !== hoisted[each]);
        if (contradicts) expect(() => hoistedHeaders(request)).toThrow();
        else {
          const headers = hoistedHeaders(request);
          for (const [each, value] of Object.entries({ ...hoisted, ...sent })) expect(headers.get(each)).toBe(value);
        }
      }),
    );
  });
});
