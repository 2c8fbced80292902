import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeaderMap } from '../../http/header-map.js';
import { encodePercent } from '../../http/percent-encoding.js';
import { decodeCopySource, type CopySourceName } from './copy-source.js';

function decode(value: string): CopySourceName {
  return decodeCopySource(HeaderMap.parse(['x-amz-copy-source', value]));
}

describe('decodeCopySource', () => {
  it.each([
    ['photos/a.jpg', 'a.jpg'],
    ['/photos/a.jpg', 'a.jpg'],
    ['photos/a/b%20c.jpg', 'a/b c.jpg'],
    ['photos%2Fa.jpg', 'a.jpg'],
    ['%2Fphotos%2Fa.jpg', 'a.jpg'],
    ['photos/a+b', 'a+b'],
    ['photos/%3FversionId', '?versionId'],
    ['photos/a%3FversionId%3Dnull', 'a?versionId=null'],
    ['photos/a?b', 'a?b'],
    ['photos/a?versionId=null', 'a'],
    ['photos//a', '/a'],
    // Decoded once: what is authorized is what is read.
    ['photos/%252e%252e/a', '%2e%2e/a'],
    ['photos/anyfilename%2525.txt', 'anyfilename%25.txt'],
    [`photos/${Buffer.from('日本').toString('latin1')}`, '日本'],
  ])('%s', (value, key) => {
    expect(decode(value)).toEqual({ bucket: 'photos', key });
  });

  it.each([
    ['', 'InvalidArgument'],
    ['photos', 'InvalidArgument'],
    ['photos/', 'InvalidArgument'],
    ['/a.jpg', 'InvalidArgument'],
    ['../photos/a', 'InvalidArgument'],
    ['%2e%2e/etc/passwd', 'InvalidArgument'],
    ['arn:aws:s3:us-east-1:1:accesspoint/x/object/y', 'InvalidArgument'],
    ['photos/100%.txt', 'InvalidArgument'],
    ['photos/%ff', 'InvalidArgument'],
    ['photos/a?versionId=', 'InvalidArgument'],
    ['photos/a?versionId=abc', 'NoSuchVersion'],
    ['photos/a%00b', 'InvalidURI'],
    [`photos/${'k'.repeat(1025)}`, 'KeyTooLongError'],
  ])('refuses %s', (value, code) => {
    expect(() => decode(value)).toThrow(expect.objectContaining({ code }));
  });

  it('gives back any key that was encoded', () => {
    const key = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 50 }).filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(key, fc.boolean(), (text, keepSlash) => {
        expect(decode(`photos/${encodePercent(text, keepSlash)}`).key).toBe(text);
      }),
    );
  });
});
