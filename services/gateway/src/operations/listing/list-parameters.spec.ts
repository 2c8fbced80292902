import { describe, expect, it } from 'vitest';
import { QueryParameters } from '../../http/query-parameters.js';
import { parseListParameters } from './list-parameters.js';

describe('parseListParameters', () => {
  it('has the defaults of S3', () => {
    expect(parse('')).toEqual({ prefix: '', delimiter: '', maxKeys: 1000, encoding: undefined });
    expect(parse('prefix=&delimiter=&max-keys=&encoding-type=')).toEqual(parse(''));
  });

  it('takes a delimiter of any length, and characters nobody can read', () => {
    expect(parse('delimiter=--%0A&prefix=a%2Fb')).toMatchObject({ delimiter: '--\n', prefix: 'a/b' });
  });

  it.each([
    ['0', 0],
    ['1', 1],
    ['1000', 1000],
    ['1001', 1000],
    ['2147483647', 1000],
  ])('max-keys=%s gives %d rows', (text, rows) => {
    expect(parse(`max-keys=${text}`).maxKeys).toBe(rows);
  });

  it.each(['blah', '-1', '1.5', '1e3', '2147483648', '99999999999999999999', '%20', '0x10'])(
    'refuses max-keys=%s',
    (text) => {
      expect(() => parse(`max-keys=${text}`)).toThrow(expect.objectContaining({ code: 'InvalidArgument' }));
    },
  );

  it('refuses an encoding that S3 does not have, and a repeated parameter', () => {
    expect(() => parse('encoding-type=base64')).toThrow('Invalid Encoding Method');
    expect(() => parse('prefix=a&prefix=b')).toThrow('must not be repeated');
  });
});

function parse(query: string): ReturnType<typeof parseListParameters> {
  return parseListParameters(QueryParameters.parse(query));
}
