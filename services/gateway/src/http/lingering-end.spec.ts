import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { Exchange } from './exchange.js';
import { HeaderMap } from './header-map.js';
import { mustClose } from './lingering-end.js';
import type { S3Request } from './s3-request.js';

const LARGE = String(10 * 1024 * 1024);

function exchangeOf(raw: Partial<IncomingMessage>, expectsContinue = false): Exchange {
  return new Exchange(raw as IncomingMessage, {} as ServerResponse, '/bucket/key', expectsContinue);
}

describe('a connection', () => {
  it.each([
    { what: 'of a request that is all there', complete: true, headers: { 'content-length': LARGE }, closes: false },
    { what: 'with no body', complete: false, headers: {}, closes: false },
    { what: 'with little to read', complete: false, headers: { 'content-length': '1000' }, closes: false },
    { what: 'with much to read', complete: false, headers: { 'content-length': LARGE }, closes: true },
    { what: 'with no telling how much', complete: false, headers: { 'transfer-encoding': 'chunked' }, closes: true },
  ])('$what is closed: $closes', ({ complete, headers, closes }) => {
    expect(mustClose(exchangeOf({ complete, headers }))).toBe(closes);
  });

  it('is closed where the client may send what it was not told to', () => {
    expect(mustClose(exchangeOf({ complete: false, headers: { 'content-length': '1' } }, true))).toBe(true);
  });
});

it('does not have Node put its own map of headers together, which costs a small upload more than its hashes', () => {
  const raw = {
    complete: false,
    get headers(): never {
      throw new Error('Node was asked for the headers.');
    },
  };
  const exchange = exchangeOf(raw);
  exchange.request = { headers: HeaderMap.parse(['Content-Length', LARGE]) } as S3Request;
  expect(mustClose(exchange)).toBe(true);
});
