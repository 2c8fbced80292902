import { describe, expect, it } from 'vitest';
import { HeaderMap } from '../../http/header-map.js';
import { NO_CONDITIONS } from '../../objects/conditions.js';
import type { ObjectInfo } from '../../objects/object-info.js';
import { decodeDeleteConditions, decodeReadConditions, decodeWriteConditions } from './conditional-headers.js';
import { evaluateReadConditions, requireCopySourceConditions } from './read-preconditions.js';

const info = { etag: 'e1', lastModified: new Date('2024-01-02T00:00:00.700Z') } as ObjectInfo;
const BEFORE = 'Mon, 01 Jan 2024 00:00:00 GMT';
const SAME = 'Tue, 02 Jan 2024 00:00:00 GMT';
const AFTER = 'Wed, 03 Jan 2024 00:00:00 GMT';

function headers(pairs: Record<string, string>): HeaderMap {
  return HeaderMap.parse(Object.entries(pairs).flat());
}

describe('read conditions', () => {
  it.each([
    [{}, 'proceed'],
    [{ 'if-match': '"e1"' }, 'proceed'],
    [{ 'if-match': '*' }, 'proceed'],
    [{ 'if-match': '"x"' }, 'failed'],
    [{ 'if-none-match': '"e1"' }, 'not-modified'],
    [{ 'if-none-match': 'W/"e1"' }, 'not-modified'],
    [{ 'if-none-match': '"x", "e1"' }, 'not-modified'],
    [{ 'if-none-match': '"x"' }, 'proceed'],
    [{ 'if-modified-since': BEFORE }, 'proceed'],
    [{ 'if-modified-since': SAME }, 'not-modified'],
    [{ 'if-modified-since': AFTER }, 'not-modified'],
    [{ 'if-modified-since': 'rubbish' }, 'proceed'],
    [{ 'if-unmodified-since': BEFORE }, 'failed'],
    [{ 'if-unmodified-since': SAME }, 'proceed'],
    [{ 'if-unmodified-since': 'rubbish' }, 'proceed'],
    // The entity tag decides where there is one.
    [{ 'if-match': '"e1"', 'if-unmodified-since': BEFORE }, 'proceed'],
    [{ 'if-none-match': '"x"', 'if-modified-since': AFTER }, 'proceed'],
    [{ 'if-none-match': '"e1"', 'if-modified-since': BEFORE }, 'not-modified'],
    // A failed If-Match comes before a 304.
    [{ 'if-match': '"x"', 'if-none-match': '"e1"' }, 'failed'],
  ])('%j', (pairs, outcome) => {
    expect(evaluateReadConditions(decodeReadConditions(headers(pairs)), info)).toBe(outcome);
  });

  it('fail a copy also where a read would say 304', () => {
    expect(() => requireCopySourceConditions({ ifNoneMatch: ['e1'] }, info)).toThrow(
      expect.objectContaining({ code: 'PreconditionFailed' }),
    );
    expect(() => requireCopySourceConditions({ ifNoneMatch: ['x'] }, info)).not.toThrow();
  });
});

describe('decodeWriteConditions', () => {
  it('takes what S3 takes', () => {
    expect(decodeWriteConditions(headers({}))).toBe(NO_CONDITIONS);
    expect(decodeWriteConditions(headers({ 'if-none-match': '*' }))).toEqual({ ifNoneMatch: '*' });
    expect(decodeWriteConditions(headers({ 'if-match': 'e1' }))).toEqual({ ifMatch: ['e1'] });
    expect(decodeWriteConditions(headers({ 'if-match': '*' }))).toEqual({ ifMatch: '*' });
  });

  it('takes entity tags that the object must not have', () => {
    expect(decodeWriteConditions(headers({ 'if-none-match': '"e1"' }))).toEqual({ ifNoneMatch: ['e1'] });
  });

  it.each([{ 'if-none-match': '*', 'if-match': '"e1"' }])('refuses %j', (pairs) => {
    expect(() => decodeWriteConditions(headers(pairs))).toThrow(expect.objectContaining({ code: 'NotImplemented' }));
  });
});

describe('decodeDeleteConditions', () => {
  it('reads all three', () => {
    const decoded = decodeDeleteConditions(
      headers({ 'if-match': '"e1"', 'x-amz-if-match-size': '0', 'x-amz-if-match-last-modified-time': SAME }),
    );
    expect(decoded).toEqual({ ifMatch: ['e1'], ifMatchSize: 0, ifMatchLastModified: new Date('2024-01-02T00:00:00Z') });
  });

  it.each([
    { 'x-amz-if-match-size': '-1' },
    { 'x-amz-if-match-size': '1e3' },
    { 'x-amz-if-match-last-modified-time': 'x' },
  ])('refuses %j rather than delete', (pairs) => {
    expect(() => decodeDeleteConditions(headers(pairs))).toThrow(expect.objectContaining({ code: 'InvalidArgument' }));
  });
});
