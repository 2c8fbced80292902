import { describe, expect, it } from 'vitest';
import { HeaderMap } from '../../http/header-map.js';
import { decodeObjectAttributes, MAX_METADATA_BYTES } from './object-headers.js';

function decode(pairs: Record<string, string>): ReturnType<typeof decodeObjectAttributes> {
  return decodeObjectAttributes(HeaderMap.parse(Object.entries(pairs).flat()));
}

describe('decodeObjectAttributes', () => {
  it('keeps what is an object’s and nothing else', () => {
    const decoded = decode({
      Host: 'x',
      'Content-Type': 'text/plain',
      'Cache-Control': 'public, max-age=14400',
      Expires: 'never',
      'Content-Length': '3',
      'x-amz-date': 'x',
      'X-Amz-Meta-Meta1': 'Hello',
      'x-amz-meta-empty': '',
    });
    expect(decoded).toEqual({
      headers: { 'content-type': 'text/plain', 'cache-control': 'public, max-age=14400', expires: 'never' },
      metadata: { meta1: 'Hello', empty: '' },
      tags: [],
    });
  });

  it.each([
    ['gzip', 'gzip'],
    ['deflate, gzip', 'deflate, gzip'],
    ['gzip, aws-chunked', 'gzip'],
    ['aws-chunked,gzip', 'gzip'],
    ['aws-chunked', undefined],
    ['aws-chunked, AWS-Chunked', undefined],
  ])('content-encoding %s', (sent, stored) => {
    expect(decode({ 'content-encoding': sent }).headers['content-encoding']).toBe(stored);
  });

  it('takes metadata names that objects have properties of', () => {
    const { metadata } = decode({ 'x-amz-meta-__proto__': 'a', 'x-amz-meta-constructor': 'b' });
    expect(Object.entries(metadata)).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
  });

  it('counts names and values of metadata', () => {
    const name = 'x-amz-meta-name';
    expect(() => decode({ [name]: 'v'.repeat(MAX_METADATA_BYTES - 4) })).not.toThrow();
    expect(() => decode({ [name]: 'v'.repeat(MAX_METADATA_BYTES - 3) })).toThrow(
      expect.objectContaining({ code: 'MetadataTooLarge' }),
    );
  });

  it('keeps the bytes of metadata that is not ASCII', () => {
    const latin1 = Buffer.from('größe', 'utf8').toString('latin1');
    expect(decode({ 'x-amz-meta-a': latin1 }).metadata['a']).toBe(latin1);
  });

  it.each([
    [{ 'x-amz-storage-class': 'GLACIER' }, 'InvalidStorageClass'],
    [{ 'x-amz-storage-class': 'standard' }, 'InvalidStorageClass'],
    [{ 'x-amz-website-redirect-location': 'javascript:alert(1)' }, 'InvalidRedirectLocation'],
    [{ 'x-amz-tagging': 'a=1&a=2' }, 'InvalidTag'],
  ])('refuses %j', (pairs, code) => {
    expect(() => decode(pairs as Record<string, string>)).toThrow(expect.objectContaining({ code }));
  });

  it('stores a storage class only where it is not the standard one', () => {
    expect(decode({ 'x-amz-storage-class': 'STANDARD' }).headers).toEqual({});
    expect(decode({ 'x-amz-storage-class': 'STANDARD_IA' }).headers).toEqual({ 'x-amz-storage-class': 'STANDARD_IA' });
  });
});
