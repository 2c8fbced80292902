import { describe, expect, it } from 'vitest';
import { redactTarget } from './redact-target.js';

describe('redactTarget', () => {
  it.each([
    ['/b/k', '/b/k'],
    ['/b?list-type=2&prefix=a', '/b?list-type=2&prefix=a'],
    [
      '/b/k?X-Amz-Credential=AK%2F20260101&X-Amz-Date=20260101T000000Z&X-Amz-Signature=abc',
      '/b/k?X-Amz-Credential=REDACTED&X-Amz-Date=20260101T000000Z&X-Amz-Signature=REDACTED',
    ],
    ['/b/k?AWSAccessKeyId=AK&Expires=1&Signature=a%3D', '/b/k?AWSAccessKeyId=REDACTED&Expires=1&Signature=REDACTED'],
    ['/b/k?x-amz-security-token=t', '/b/k?x-amz-security-token=REDACTED'],
    ['/b/k?X-Amz-%53ignature=abc', '/b/k?X-Amz-%53ignature=REDACTED'],
    ['/b/k?%zz=abc', '/b/k?%zz=REDACTED'],
    ['/b/k?x=Signature=abc', '/b/k?x=Signature=abc'],
  ])('%s', (target, logged) => {
    expect(redactTarget(target)).toBe(logged);
  });
});
