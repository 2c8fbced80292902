import { expect, it } from 'vitest';
import { s3Request } from '../../../test/support/s3-request.js';
import { canonicalRequest } from './canonical-request.js';

const NAMES = { text: 'host;x-a', names: ['host', 'x-a'] };

it.each([
  ['  a  b\t\tc ', 'a b c'],
  ['\t', ''],
  ['a', 'a'],
])('blanks of the value %j count once between words and not at its ends', (value, tidy) => {
  expect(canonicalRequest(s3Request({ headers: { 'x-a': value } }), NAMES, 'hash')).toContain(`\nx-a:${tidy}\n`);
});

it('a value of a million blanks holds up nobody', () => {
  const value = `a${' '.repeat(1_000_000)}b`;
  expect(canonicalRequest(s3Request({ headers: { 'x-a': value } }), NAMES, 'hash')).toContain('\nx-a:a b\n');
});
