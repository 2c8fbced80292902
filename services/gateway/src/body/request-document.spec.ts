import { hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fakeRequest } from '../../test/support/body-fixtures.js';
import { expectNoBody, readDocument } from './request-document.js';

const XML = Buffer.from('<Delete/>');
const LENGTH = { 'content-length': String(XML.length) };

describe('readDocument', () => {
  it('gives the bytes', async () => {
    const request = fakeRequest({ ...LENGTH, 'content-md5': hash('md5', XML, 'base64') }, [XML]);
    expect(await readDocument(request, { kind: 'plain' }, { requireDigest: true })).toEqual(XML);
  });

  it.each<[string, Record<string, string>, string]>([
    ['no digest at all', {}, 'InvalidRequest'],
    ['only the name of a digest', { 'x-amz-checksum-algorithm': 'CRC32' }, 'InvalidRequest'],
    ['only the type of a digest', { 'x-amz-checksum-type': 'COMPOSITE' }, 'InvalidRequest'],
    ['a wrong digest', { 'content-md5': hash('md5', 'other', 'base64') }, 'BadDigest'],
    ['a wrong checksum', { 'x-amz-checksum-crc32': 'AAAAAA==' }, 'BadDigest'],
  ])('refuses a document with %s where one is required', async (_, headers, code) => {
    const request = fakeRequest({ ...LENGTH, ...headers }, [XML]);
    const read = readDocument(request, { kind: 'plain' }, { requireDigest: true });
    await expect(read).rejects.toThrow(expect.objectContaining({ code }) as Error);
  });

  it('is empty where the request has no body, and says no length', async () => {
    expect(await readDocument(fakeRequest({}, []), { kind: 'plain' })).toEqual(Buffer.alloc(0));
    const signed = readDocument(fakeRequest({}, []), { kind: 'plain', sha256: hash('sha256', XML) });
    await expect(signed).rejects.toThrow(expect.objectContaining({ code: 'XAmzContentSHA256Mismatch' }) as Error);
    const chunked = readDocument(fakeRequest({ 'transfer-encoding': 'chunked' }, [XML]), { kind: 'plain' });
    await expect(chunked).rejects.toThrow(expect.objectContaining({ code: 'MissingContentLength' }) as Error);
  });

  it('verifies a signed hash', async () => {
    const read = readDocument(fakeRequest(LENGTH, [XML]), { kind: 'plain', sha256: hash('sha256', 'other') });
    await expect(read).rejects.toThrow(expect.objectContaining({ code: 'XAmzContentSHA256Mismatch' }) as Error);
  });

  it('leaves a checksum alone that is about the object', async () => {
    const request = fakeRequest({ ...LENGTH, 'x-amz-checksum-crc32': 'AAAAAA==' }, [XML]);
    expect(await readDocument(request, { kind: 'plain' }, { checksumOf: 'object' })).toEqual(XML);
  });

  it('refuses aws-chunked', async () => {
    const read = readDocument(fakeRequest(LENGTH, [XML]), { kind: 'aws-chunked', trailer: true });
    await expect(read).rejects.toThrow(expect.objectContaining({ code: 'InvalidRequest' }) as Error);
  });
});

describe('expectNoBody', () => {
  it.each([{}, { 'content-length': '0' }])('lets %j pass', (headers) => {
    expect(() => expectNoBody(fakeRequest(headers, []))).not.toThrow();
  });

  it.each([{ 'content-length': '1' }, { 'transfer-encoding': 'chunked' }])('refuses %j', (headers) => {
    expect(() => expectNoBody(fakeRequest(headers as Record<string, string>, []))).toThrow(
      expect.objectContaining({ code: 'UnexpectedContent' }) as Error,
    );
  });
});
