import { describe, expect, it } from 'vitest';
import { ANONYMOUS, type Identity } from '../../auth/identity.js';
import { HeaderMap } from '../../http/header-map.js';
import { QueryParameters } from '../../http/query-parameters.js';
import { checkAclHeaders } from './acl-headers.js';
import { decodeChecksumAlgorithm, decodeStatedChecksum, resolveChecksumType } from './checksum-headers.js';
import { checkExpectedBucketOwner } from './expected-bucket-owner.js';
import { fromHeaderValue, toHeaderValue } from '../../http/header-text.js';
import { ownerNamed } from '../documents/owner.js';
import { parsePageSize } from './paging-parameters.js';
import { parsePartNumber } from './part-number.js';
import { decodeResponseOverrides } from './response-overrides.js';
import { refuseUnsupportedUploadHeaders } from './unsupported-headers.js';
import { requireNullVersion } from './version-id.js';

const alice: Identity = { name: 'alice', accessKeyId: 'A', secretAccessKey: 's' };
const aliceId = ownerNamed('alice').id;

function headers(pairs: Record<string, string>): HeaderMap {
  return HeaderMap.parse(Object.entries(pairs).flat());
}

function code(expected: string): unknown {
  return expect.objectContaining({ code: expected });
}

function expecting(id: string): HeaderMap {
  return headers({ 'x-amz-expected-bucket-owner': id });
}

describe('checkAclHeaders', () => {
  it.each([
    [{ 'x-amz-acl': 'private' }],
    [{ 'x-amz-acl': 'bucket-owner-full-control' }],
    [{ 'x-amz-grant-full-control': `id=${aliceId}` }],
    [{ 'x-amz-grant-full-control': `id="${aliceId}"` }],
  ])('accepts %j, which changes nothing', (pairs) => {
    expect(checkAclHeaders(headers(pairs as Record<string, string>), alice)).toBe(true);
  });

  it.each([
    [{ 'x-amz-acl': 'public-read' }, 'AccessControlListNotSupported'],
    [{ 'x-amz-acl': 'bucket-owner-read' }, 'AccessControlListNotSupported'],
    [{ 'x-amz-acl': 'mine' }, 'InvalidArgument'],
    [{ 'x-amz-grant-read': `id=${aliceId}` }, 'AccessControlListNotSupported'],
    [{ 'x-amz-grant-full-control': `id=${aliceId}, id=other` }, 'AccessControlListNotSupported'],
  ])('refuses %j', (pairs, expected) => {
    expect(() => checkAclHeaders(headers(pairs as Record<string, string>), alice)).toThrow(code(expected));
  });
});

describe('refuseUnsupportedUploadHeaders', () => {
  it.each([
    ['x-amz-server-side-encryption', 'NotImplemented'],
    ['x-amz-server-side-encryption-customer-algorithm', 'NotImplemented'],
    ['x-amz-write-offset-bytes', 'NotImplemented'],
    ['x-amz-object-lock-mode', 'InvalidRequest'],
    ['x-amz-object-lock-legal-hold', 'InvalidRequest'],
  ])('%s', (name, expected) => {
    expect(() => refuseUnsupportedUploadHeaders(headers({ [name]: 'x' }))).toThrow(code(expected));
  });
});

describe('header values', () => {
  it('keep UTF-8 and other bytes apart', () => {
    expect(fromHeaderValue(toHeaderValue('x', 'größe 日'))).toBe('größe 日');
    expect(fromHeaderValue('Hello\xe9')).toBe('Hello\xe9');
  });

  it.each(['a\r\nb', 'a\nb', '\0', '\x7f'])('cannot split a response: %j', (text) => {
    expect(() => toHeaderValue('x', text)).toThrow(code('InvalidArgument'));
  });
});

describe('checksums', () => {
  it('are of a type that their algorithm has', () => {
    expect(resolveChecksumType(undefined, undefined)).toBeUndefined();
    expect(resolveChecksumType('CRC64NVME', undefined)).toBe('FULL_OBJECT');
    expect(resolveChecksumType('SHA256', undefined)).toBe('COMPOSITE');
    expect(resolveChecksumType('CRC32', undefined)).toBe('COMPOSITE');
    expect(resolveChecksumType('CRC32', 'FULL_OBJECT')).toBe('FULL_OBJECT');
    expect(() => resolveChecksumType('CRC64NVME', 'COMPOSITE')).toThrow(code('InvalidRequest'));
    expect(() => resolveChecksumType('SHA1', 'FULL_OBJECT')).toThrow(code('InvalidRequest'));
    expect(() => resolveChecksumType(undefined, 'COMPOSITE')).toThrow(code('InvalidRequest'));
  });

  it('are one of S3’s, and one at a time', () => {
    expect(decodeChecksumAlgorithm(headers({ 'x-amz-checksum-algorithm': 'crc32c' }))).toBe('CRC32C');
    expect(() => decodeChecksumAlgorithm(headers({ 'x-amz-checksum-algorithm': 'MD4' }))).toThrow(
      code('InvalidRequest'),
    );
    expect(decodeStatedChecksum(headers({ 'x-amz-checksum-sha1': 'x' }))).toEqual({ algorithm: 'SHA1', value: 'x' });
    const two = headers({ 'x-amz-checksum-sha1': 'x', 'x-amz-checksum-crc32': 'y' });
    expect(() => decodeStatedChecksum(two)).toThrow(code('InvalidRequest'));
  });
});

describe('decodeResponseOverrides', () => {
  const query = QueryParameters.parse('response-content-type=text%2Fhtml&response-content-disposition=a%C3%A9&x=y');

  it('replaces headers for who signed', () => {
    const overrides = decodeResponseOverrides(query, alice);
    expect([...(overrides ?? [])]).toEqual([
      ['content-type', 'text/html'],
      ['content-disposition', Buffer.from('aé').toString('latin1')],
    ]);
    expect(decodeResponseOverrides(QueryParameters.parse('x=y'), alice)).toBeUndefined();
  });

  it('does not for who did not', () => {
    expect(() => decodeResponseOverrides(query, ANONYMOUS)).toThrow(code('InvalidRequest'));
  });

  it('cannot split the response', () => {
    const split = QueryParameters.parse('response-content-type=a%0d%0aSet-Cookie:x');
    expect(() => decodeResponseOverrides(split, alice)).toThrow(code('InvalidArgument'));
  });
});

describe('small parameters', () => {
  it.each(['0', '10001', '-1', '1.5', '', 'x', '1e3'])('part number %s is none', (text) => {
    expect(() => parsePartNumber(text)).toThrow(code('InvalidArgument'));
  });

  it('part numbers go from 1 to 10,000', () => {
    expect([parsePartNumber('1'), parsePartNumber('10000')]).toEqual([1, 10_000]);
  });

  it('pages have at most 1,000 rows', () => {
    expect([undefined, '', '0', '7', '5000'].map((text) => parsePageSize('max-parts', text))).toEqual([
      1000, 1000, 0, 7, 1000,
    ]);
    for (const text of ['-1', 'x', '2147483648']) {
      expect(() => parsePageSize('max-parts', text)).toThrow(code('InvalidArgument'));
    }
  });

  it('the only version is null', () => {
    expect(() => requireNullVersion(QueryParameters.parse('versionId=null'))).not.toThrow();
    expect(() => requireNullVersion(QueryParameters.parse('versionId=3'))).toThrow(code('NoSuchVersion'));
    expect(() => requireNullVersion(QueryParameters.parse('versionId='))).toThrow(code('InvalidArgument'));
  });

  it('an expected owner must be the owner', () => {
    expect(aliceId).toMatch(/^[0-9a-f]{64}$/);
    expect(() => checkExpectedBucketOwner(expecting(aliceId), alice)).not.toThrow();
    expect(() => checkExpectedBucketOwner(expecting('123456789012'), alice)).toThrow(code('AccessDenied'));
  });
});
