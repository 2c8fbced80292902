import { expect, it } from 'vitest';
import { parsePolicyDocument } from './policy-document.js';

const DOCUMENT = JSON.stringify({ expiration: '2030-01-01T00:00:00Z', conditions: [{ bucket: 'b' }] });

it('a policy may be broken into lines', () => {
  const lines = Buffer.from(DOCUMENT).toString('base64').replaceAll(/.{10}/g, '$&\r\n');
  expect(parsePolicyDocument(lines).conditions).toEqual([{ operator: 'eq', field: 'bucket', value: 'b' }]);
});

it('a policy of a million blanks that is none holds up nobody', () => {
  expect(() => parsePolicyDocument(`A${' '.repeat(1_000_000)}!`)).toThrow('Invalid Base64 Encoding.');
});
