import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeaderMap } from './header-map.js';

describe('HeaderMap', () => {
  it('finds headers by their lower-case names, and keeps their order', () => {
    const headers = HeaderMap.parse(['Host', 's3.test', 'X-Amz-Meta-A', '1', 'ETag', '']);
    expect([...headers.entries()]).toEqual([
      ['host', 's3.test'],
      ['x-amz-meta-a', '1'],
      ['etag', ''],
    ]);
    expect([headers.get('x-amz-meta-a'), headers.get('X-Amz-Meta-A'), headers.get('constructor')]).toEqual([
      '1',
      undefined,
      undefined,
    ]);
    expect([headers.has('etag'), headers.has('__proto__')]).toEqual([true, false]);
  });

  it('joins the values of a repeated header as SigV4 does: in order, without a space', () => {
    const headers = HeaderMap.parse(['x-amz-meta-a', '1', 'other', 'x', 'X-Amz-Meta-A', '', 'x-amz-META-a', '2']);
    expect(headers.get('x-amz-meta-a')).toBe('1,,2');
    expect([...headers.entries()].map(([name]) => name)).toEqual(['x-amz-meta-a', 'other']);
  });

  it.each([
    'Authorization',
    'Content-Length',
    'Content-MD5',
    'Content-Type',
    'Date',
    'Expect',
    'Host',
    'Range',
    'x-amz-content-sha256',
    'x-amz-copy-source',
    'x-amz-date',
    'x-amz-decoded-content-length',
    'x-amz-security-token',
  ])('takes %s once only, also with the same value', (name) => {
    expect(HeaderMap.parse([name, 'a']).get(name.toLowerCase())).toBe('a');
    for (const other of ['a', 'b']) {
      expect(() => HeaderMap.parse([name, 'a', name.toUpperCase(), other])).toThrow(
        expect.objectContaining({
          code: 'InvalidRequest',
          message: expect.stringContaining(name.toLowerCase()) as string,
        }),
      );
    }
  });

  it('makes another map with further headers, which win', () => {
    const headers = HeaderMap.parse(['a', '1', 'b', '2']);
    const more = headers.with(
      new Map([
        ['b', '3'],
        ['c', '4'],
      ]),
    );
    expect([...more.entries()]).toEqual([
      ['a', '1'],
      ['b', '3'],
      ['c', '4'],
    ]);
    expect(headers.get('b')).toBe('2');
  });

  it('loses no value of a header that may repeat', () => {
    const name = fc.constantFrom('x-amz-meta-a', 'X-Amz-Meta-A', 'x-b', '__proto__');
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.string())), (pairs) => {
        const headers = HeaderMap.parse(pairs.flat());
        for (const wanted of ['x-amz-meta-a', 'x-b', '__proto__']) {
          const values = pairs.filter(([each]) => each.toLowerCase() === wanted).map(([, value]) => value);
          expect(headers.get(wanted)).toBe(values.length === 0 ? undefined : values.join(','));
        }
      }),
    );
  });
});
