import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodePercent } from './percent-encoding.js';
import { QueryParameters } from './query-parameters.js';

function pairsOf(raw: string): [string, string][] {
  return QueryParameters.parse(raw).list.map(({ name, value }) => [name, value]);
}

describe('QueryParameters', () => {
  it.each<[string, [string, string][]]>([
    ['', []],
    ['&&', []],
    ['acl', [['acl', '']]],
    ['acl=', [['acl', '']]],
    ['=x', [['', 'x']]],
    [
      'a=1&b=2',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    [
      '&a=1&&b&',
      [
        ['a', '1'],
        ['b', ''],
      ],
    ],
    ['a=b=c', [['a', 'b=c']]],
    ['a=x%3Dy%26z', [['a', 'x=y&z']]],
    ['a%3Db=c', [['a=b', 'c']]],
    ['prefix=a+b%2Bc%20d', [['prefix', 'a b+c d']]],
    ['a+b=1', [['a b', '1']]],
    ['a=?x', [['a', '?x']]],
    // Names are a client's: none of them is a member of anything.
    [
      '__proto__=1&constructor',
      [
        ['__proto__', '1'],
        ['constructor', ''],
      ],
    ],
  ])('%j is %j', (raw, pairs) => {
    expect(pairsOf(raw)).toEqual(pairs);
  });

  it.each(['a=%', 'a=%4', '%zz=1', 'a=%C3', '%FF'])('refuses %j', (raw) => {
    expect(() => QueryParameters.parse(raw)).toThrow(expect.objectContaining({ code: 'InvalidURI' }));
  });

  it('gives a value, or undefined for what is not there', () => {
    const query = QueryParameters.parse('uploads&prefix=a');
    expect([query.get('uploads'), query.get('prefix'), query.get('Prefix'), query.get('toString')]).toEqual([
      '',
      'a',
      undefined,
      undefined,
    ]);
    expect([query.has('uploads'), query.has('Uploads')]).toEqual([true, false]);
  });

  it.each(['uploadId=a&uploadId=b', 'uploadId=a&uploadId=a', 'uploadId=a&upload%49d=b', 'uploadId&uploadId'])(
    'does not choose between the values of a repeated parameter: %j',
    (raw) => {
      const query = QueryParameters.parse(raw);
      expect(query.has('uploadId')).toBe(true);
      expect(() => query.get('uploadId')).toThrow(expect.objectContaining({ code: 'InvalidArgument' }));
    },
  );

  it('reads what was encoded, in order', () => {
    const text = fc.string({ unit: 'binary', maxLength: 20 });
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text)), (pairs) => {
        const raw = pairs.map(([name, value]) => `${encodePercent(name)}=${encodePercent(value)}`).join('&');
        expect(pairsOf(raw)).toEqual(pairs);
      }),
    );
  });
});
