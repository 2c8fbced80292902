import { describe, expect, it } from 'vitest';
import { CorsRuleDocument } from './cors-rule-document.js';
import { findMistakes } from './find-mistakes.js';

function mistakesOf(change: object): string[] {
  const rule = { allowedOrigins: ['*'], allowedMethods: ['GET'], ...change };
  return findMistakes(Object.assign(new CorsRuleDocument(), rule)).map(({ path }) => path.join('.'));
}

describe('the headers of a CORS rule', () => {
  it.each([['*'], ['x-amz-*'], ['*-id'], ['x-*-id'], ['Content-Type'], ["!#$%&'+.^_`|~"]])('allow %j', (name) => {
    expect(mistakesOf({ allowedHeaders: [name] })).toEqual([]);
  });

  it.each([['ETag'], ['x-amz-request-id'], ["!#$%&'+.^_`|~"]])('expose %j', (name) => {
    expect(mistakesOf({ exposeHeaders: [name] })).toEqual([]);
  });

  it.each(['', 'a b', 'a\r\nSet-Cookie: x', 'a,b', 'a:', 'é', 'a\0', ' a', 'a\n', '"a"', 7, null])(
    'are never %j',
    (name) => {
      expect(mistakesOf({ allowedHeaders: ['*', name] })).toEqual(['allowedHeaders']);
      expect(mistakesOf({ exposeHeaders: ['ETag', name] })).toEqual(['exposeHeaders']);
    },
  );

  it.each(['**', '*-*', 'a*b*c'])('have one wildcard at most: not %j', (name) => {
    expect(mistakesOf({ allowedHeaders: [name] })).toEqual(['allowedHeaders']);
  });

  it('are exposed by name: S3 knows no wildcard there', () => {
    expect(mistakesOf({ exposeHeaders: ['*'] })).toEqual(['exposeHeaders']);
  });
});
