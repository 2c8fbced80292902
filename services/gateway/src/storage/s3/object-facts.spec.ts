import { describe, expect, it } from 'vitest';
import type { ObjectKey } from '../../http/object-key.js';
import { toObjectInfo, toSdkAttributes } from './object-facts.js';

describe('the content encoding of an upstream object', () => {
  it.each([
    ['aws-chunked', undefined],
    ['aws-chunked,gzip', 'gzip'],
    ['aws-chunked, gzip', 'gzip'],
    ['gzip, AWS-Chunked', 'gzip'],
    ['aws-chunked,aws-chunked,gzip, br', 'gzip, br'],
    ['gzip,  br', 'gzip,  br'],
    ['x-aws-chunked', 'x-aws-chunked'],
  ])('is read and written without the framing of requests: %j', (ContentEncoding, encoding) => {
    const facts = { ContentEncoding, $metadata: {} };
    const { headers } = toObjectInfo('key' as ObjectKey, facts, 0).attributes;
    expect(headers['content-encoding']).toBe(encoding);
    const attributes = { headers: { 'content-encoding': ContentEncoding }, metadata: {}, tags: [] };
    expect(toSdkAttributes(attributes).ContentEncoding).toBe(encoding);
  });
});
