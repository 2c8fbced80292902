import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePercent, encodePercent } from './percent-encoding.js';

describe('decodePercent', () => {
  it.each([
    ['', ''],
    ['a b', 'a b'],
    ['a+b', 'a+b'],
    ['%20', ' '],
    ['%2B', '+'],
    ['%2b', '+'],
    ['%2F%2f', '//'],
    ['%C3%A9', 'é'],
    ['%F0%9F%98%80', '\u{1f600}'],
    // Once: what was encoded twice stays encoded once.
    ['%252e%252e', '%2e%2e'],
    ['%00', '\0'],
  ])('%j is %j', (text, decoded) => {
    expect(decodePercent(text)).toBe(decoded);
  });

  it.each([
    ['an escape that ends early', '%'],
    ['an escape of one digit', '%4'],
    ['what is no hexadecimal digit', '%zz'],
    ['a sign among the digits', '%+1'],
    ['half a character', '%C3'],
    ['a byte that begins nothing', '%80'],
    ['an overlong slash', '%C0%AF'],
    ['an overlong NUL', '%C0%80'],
    ['a surrogate', '%ED%A0%80'],
    ['what is above Unicode', '%F4%90%80%80'],
    ['a byte that is never UTF-8', 'a%FF'],
    ['the %u of old scripts', '%u0041'],
  ])('refuses %s: %j', (_, text) => {
    expect(() => decodePercent(text)).toThrow(expect.objectContaining({ code: 'InvalidURI' }));
  });
});

describe('encodePercent', () => {
  it.each([
    ['AZaz09-._~', 'AZaz09-._~'],
    ["!'()*", '%21%27%28%29%2A'],
    [' +/%&=?#', '%20%2B%2F%25%26%3D%3F%23'],
    ['é', '%C3%A9'],
    ['\u{1f600}\0', '%F0%9F%98%80%00'],
  ])('%j is %j', (text, encoded) => {
    expect(encodePercent(text)).toBe(encoded);
  });

  it('leaves slashes of paths', () => {
    expect(encodePercent('a/b c/%2F', true)).toBe('a/b%20c/%252F');
  });

  it('is undone by decodePercent, and has nothing but unreserved characters and escapes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.boolean(), (text, keepSlash) => {
        const encoded = encodePercent(text, keepSlash);
        expect(decodePercent(encoded)).toBe(text);
        expect(encoded).toMatch(keepSlash ? /^(?:[\w.~/-]|%[0-9A-F]{2})*$/ : /^(?:[\w.~-]|%[0-9A-F]{2})*$/);
      }),
    );
  });
});
