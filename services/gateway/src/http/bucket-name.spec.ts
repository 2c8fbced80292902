import { isBucketName as isContractBucketName } from '@bucketway/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isBucketName, parseBucketName } from './bucket-name.js';

describe('parseBucketName', () => {
  it.each(['abc', 'a.b', 'a-b', '0a0', 'a--b', 'x'.repeat(63), '1.2.3', '1.2.3.4.5', '1.2.3.a'])('takes %j', (name) => {
    expect(parseBucketName(name)).toBe(name);
  });

  it.each([
    ['nothing', ''],
    ['too short', 'ab'],
    ['too long', 'x'.repeat(64)],
    ['upper case', 'Abc'],
    ['an underscore', 'a_b'],
    ['a hyphen first', '-ab'],
    ['a hyphen last', 'ab-'],
    ['a dot first', '.ab'],
    ['a dot last', 'ab.'],
    ['an empty label', 'a..b'],
    ['a label that ends with a hyphen', 'a-.b'],
    ['a label that begins with a hyphen', 'a.-b'],
    ['an IPv4 address', '192.168.5.4'],
    ['what is not quite one', '999.999.999.999'],
    ['the folder above', '..'],
    ['a slash', 'a/b'],
    ['a NUL', 'abc\0'],
    ['a new line', 'abc\n'],
    ['letters that are not ASCII', 'äbc'],
    ['digits that are not ASCII', 'abc١'],
  ])('refuses %s', (_, name) => {
    expect(() => parseBucketName(name)).toThrow(
      expect.objectContaining({ code: 'InvalidBucketName', details: { BucketName: name } }),
    );
  });

  it('is of one mind with the contract', () => {
    const nearly = fc.string({ unit: fc.constantFrom(...'aZ09-._/ '), maxLength: 66 });
    fc.assert(
      fc.property(nearly, (name) => {
        expect(isBucketName(name)).toBe(isContractBucketName(name));
      }),
    );
  });
});
