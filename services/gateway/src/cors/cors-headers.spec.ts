import { describe, expect, it } from 'vitest';
import type { CorsRule } from '../config/snapshot.js';
import { corsHeaders } from './cors-headers.js';

describe('corsHeaders', () => {
  // The rules of "test_cors_origin_response" of Ceph's s3-tests.
  const rules = [
    rule({ allowedOrigins: ['*suffix'] }),
    rule({ allowedOrigins: ['start*end'] }),
    rule({ allowedOrigins: ['prefix*'] }),
    rule({ allowedOrigins: ['*.put'], allowedMethods: ['PUT'] }),
  ];

  it.each([
    ['foo.suffix', 'GET', 'GET'],
    ['startend', 'GET', 'GET'],
    ['start12end', 'GET', 'GET'],
    ['prefix', 'GET', 'GET'],
    ['prefix.suffix', 'GET', 'GET'],
    ['foo.put', 'PUT', 'PUT'],
  ])('lets %s use %s', (origin, method, methods) => {
    const headers = lookup(corsHeaders(rules, origin, method));
    expect(headers.get('Access-Control-Allow-Origin')).toBe(origin);
    expect(headers.get('Access-Control-Allow-Methods')).toBe(methods);
  });

  it.each([
    ['foo.bar', 'GET'],
    ['foo.suffix.get', 'GET'],
    ['0start12end', 'GET'],
    ['bla.prefix', 'GET'],
    ['foo.suffix', 'PUT'],
    ['starend', 'GET'],
    ['FOO.SUFFIX', 'GET'],
  ])('tells %s nothing about %s but Vary', (origin, method) => {
    expect([...lookup(corsHeaders(rules, origin, method)).keys()]).toEqual(['Vary']);
  });

  it('does not let the two ends of a pattern share characters', () => {
    expect(corsHeaders([rule({ allowedOrigins: ['ab*ba'] })], 'aba', 'GET')).toHaveLength(2);
  });

  it('varies by origin where a bucket has rules, and says nothing where it has none', () => {
    expect(corsHeaders(rules, undefined, 'GET')).toEqual([
      'Vary',
      'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
    ]);
    expect(corsHeaders(undefined, 'foo.suffix', 'GET')).toEqual([]);
    expect(corsHeaders([], 'foo.suffix', 'GET')).toEqual([]);
  });

  it('takes the first rule that matches', () => {
    const first = rule({ allowedMethods: ['GET', 'PUT'], exposeHeaders: ['ETag', 'x-amz-meta-a'], maxAgeSeconds: 60 });
    const headers = lookup(corsHeaders([first, rule({ exposeHeaders: ['Date'] })], 'https://a.test', 'GET'));
    expect(headers.get('Access-Control-Expose-Headers')).toBe('ETag, x-amz-meta-a');
    expect(headers.get('Access-Control-Max-Age')).toBe('60');
    expect(headers.get('Access-Control-Allow-Methods')).toBe('GET, PUT');
  });

  it.each([
    ['a rule for all', ['*'], 'https://a.test', '*', undefined],
    ['a pattern', ['https://*.test'], 'https://a.test', 'https://a.test', undefined],
    ['the origin by name', ['https://a.test'], 'https://a.test', 'https://a.test', 'true'],
    ['the origin by name beside all', ['*', 'https://a.test'], 'https://a.test', 'https://a.test', 'true'],
    ['"null" by name', ['null'], 'null', 'null', undefined],
    ['an origin called *', ['*'], '*', '*', undefined],
  ])('with %s, gives credentials only to who is named', (_, allowedOrigins, origin, allowed, credentials) => {
    const headers = lookup(corsHeaders([rule({ allowedOrigins })], origin, 'GET'));
    expect(headers.get('Access-Control-Allow-Origin')).toBe(allowed);
    expect(headers.get('Access-Control-Allow-Credentials')).toBe(credentials);
  });
});

function rule(parts: Partial<CorsRule>): CorsRule {
  return { allowedOrigins: ['*'], allowedMethods: ['GET'], allowedHeaders: [], exposeHeaders: [], ...parts };
}

function lookup(headers: readonly string[]): Map<string, string> {
  const map = new Map<string, string>();
  for (let i = 0; i < headers.length; i += 2) map.set(headers[i] as string, headers[i + 1] as string);
  return map;
}
