import { describe, expect, it } from 'vitest';
import { authSnapshot, EXAMPLE, wireRequest, type WireRequest } from '../../../test/support/auth-fixture.js';
import { AuthGate } from '../auth-gate.js';

// Amazon S3 developer guide, "Signing and Authenticating REST Requests", in the edition whose bucket is `johnsmith`.
const gate = new AuthGate();

interface Example extends WireRequest {
  readonly signature?: string;
}

const examples: readonly [string, Example][] = [
  [
    'Object GET',
    {
      method: 'GET',
      target: '/photos/puppy.jpg',
      hostBucket: 'johnsmith',
      headers: { date: 'Tue, 27 Mar 2007 19:36:42 +0000' },
      signature: 'bWq2s1WEIj+Ydj0vQ697zp+IXMU=',
    },
  ],
  [
    'Object PUT',
    {
      method: 'PUT',
      target: '/photos/puppy.jpg',
      hostBucket: 'johnsmith',
      headers: { date: 'Tue, 27 Mar 2007 21:15:45 +0000', 'content-type': 'image/jpeg', 'content-length': '94328' },
      signature: 'MyyxeRY7whkBe+bq8fHCL/2kKUg=',
    },
  ],
  [
    'List',
    {
      method: 'GET',
      target: '/?prefix=photos&max-keys=50&marker=puppy',
      hostBucket: 'johnsmith',
      headers: { date: 'Tue, 27 Mar 2007 19:42:41 +0000', 'user-agent': 'Mozilla/5.0' },
      signature: 'htDYFYduRNen8P9ZfE/s9SuKy0U=',
    },
  ],
  [
    'Fetch the ACL',
    {
      method: 'GET',
      target: '/?acl',
      hostBucket: 'johnsmith',
      headers: { date: 'Tue, 27 Mar 2007 19:44:46 +0000' },
      signature: 'c2WLPFtWHVgbEmeEG93a4cG37dM=',
    },
  ],
  [
    'List All My Buckets',
    {
      method: 'GET',
      target: '/',
      headers: { date: 'Wed, 28 Mar 2007 01:29:59 +0000' },
      signature: 'qGdzdERIC03wnaRNKh6OqZehG9s=',
    },
  ],
  [
    'Unicode keys, path style',
    {
      method: 'GET',
      target: '/dictionary/fran%C3%A7ais/pr%c3%a9f%c3%a8re',
      headers: { date: 'Wed, 28 Mar 2007 01:49:49 +0000' },
      signature: 'DNEZGsoieTZ92F3bUfSPQcbGmlM=',
    },
  ],
  [
    'query string',
    {
      method: 'GET',
      target:
        '/photos/puppy.jpg?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620',
      hostBucket: 'johnsmith',
      headers: { date: 'Wed, 28 Mar 2007 03:40:20 +0000' },
    },
  ],
];

describe('AWS’s published SigV2 examples', () => {
  it.each(examples)('%s', (_, { signature, ...wire }) => {
    const headers = signature
      ? { ...wire.headers, authorization: `AWS ${EXAMPLE.accessKeyId}:${signature}` }
      : wire.headers;
    const request = wireRequest({ ...wire, headers, now: new Date(wire.headers['date']!) });
    expect(gate.authenticate(request, 'object', authSnapshot()).principal).toBe(EXAMPLE);
  });
});
