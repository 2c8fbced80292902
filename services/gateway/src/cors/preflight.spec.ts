import { describe, expect, it } from 'vitest';
import { blank } from '../../test/support/operation-context.js';
import { ANONYMOUS } from '../auth/identity.js';
import type { CorsRule } from '../config/snapshot.js';
import { S3Error } from '../errors/s3-error.js';
import type { S3Response } from '../http/s3-response.js';
import type { Bucket, Buckets } from '../objects/buckets.js';
import { s3Request } from '../../test/support/s3-request.js';
import { BucketPreflight, ObjectPreflight, ServicePreflight } from './preflight.js';

const RULES: readonly CorsRule[] = [
  {
    allowedOrigins: ['https://app.test'],
    allowedMethods: ['GET', 'PUT'],
    allowedHeaders: ['x-amz-*', 'Content-Type'],
    exposeHeaders: ['ETag'],
    maxAgeSeconds: 300,
  },
  { allowedOrigins: ['*'], allowedMethods: ['GET'], allowedHeaders: [], exposeHeaders: [] },
];

describe('preflight', () => {
  it('answers with the first rule that allows all that is asked', async () => {
    const { status, headers } = await preflight({
      origin: 'https://app.test',
      'access-control-request-method': 'PUT',
      'access-control-request-headers': 'Content-Type, X-Amz-Date,x-amz-meta-a',
    });
    expect(status).toBe(200);
    expect(Object.fromEntries(pairs(headers))).toEqual({
      'Access-Control-Allow-Origin': 'https://app.test',
      'Access-Control-Allow-Methods': 'GET, PUT',
      'Access-Control-Expose-Headers': 'ETag',
      'Access-Control-Max-Age': '300',
      'Access-Control-Allow-Credentials': 'true',
      Vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
      'Access-Control-Allow-Headers': 'content-type, x-amz-date, x-amz-meta-a',
    });
  });

  it('falls to a later rule', async () => {
    const { headers } = await preflight({ origin: 'https://else.test', 'access-control-request-method': 'GET' });
    expect(headers.slice(0, 4)).toEqual(['Access-Control-Allow-Origin', '*', 'Access-Control-Allow-Methods', 'GET']);
    expect(headers).not.toContain('Access-Control-Allow-Credentials');
  });

  it.each([
    ['a method that no rule has', { origin: 'https://app.test', 'access-control-request-method': 'DELETE' }],
    ['an origin without the method', { origin: 'https://else.test', 'access-control-request-method': 'PUT' }],
    [
      'a header that the rule does not have',
      {
        origin: 'https://else.test',
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'x-amz-meta-header2',
      },
    ],
  ])('refuses %s', async (_, headers) => {
    await expect(preflight(headers)).rejects.toMatchObject({
      code: 'AccessForbidden',
      status: 403,
      message: expect.stringContaining('CORSResponse: This CORS request is not allowed'),
      details: { ResourceType: 'BUCKET' },
    });
  });

  it.each([
    ['no headers', {}],
    ['no method', { origin: 'https://app.test' }],
    ['no origin', { 'access-control-request-method': 'GET' }],
    ['a method that S3 does not have', { origin: 'https://app.test', 'access-control-request-method': 'PATCH' }],
  ])('is a bad request with %s, before any bucket is looked at', async (_, headers) => {
    await expect(preflight(headers, {} as Buckets)).rejects.toMatchObject({ code: 'BadRequest' });
  });

  it.each([undefined, []])('is forbidden in a bucket with the rules %j', async (rules) => {
    const asked = { origin: 'https://app.test', 'access-control-request-method': 'GET' };
    await expect(preflight(asked, bucketsWith(rules))).rejects.toMatchObject({
      code: 'AccessForbidden',
      message: 'CORSResponse: CORS is not enabled for this bucket.',
    });
  });

  it('looks at the bucket of an object, and has none for the list of buckets', async () => {
    const headers = { origin: 'https://app.test', 'access-control-request-method': 'GET' };
    const object = new ObjectPreflight(bucketsWith(RULES));
    const request = s3Request({ method: 'OPTIONS', bucket: 'photos', key: 'a', headers });
    await expect(object.execute({ request, ...CONTEXT })).resolves.toMatchObject({ status: 200 });
    const service = new ServicePreflight(bucketsWith(RULES));
    await expect(service.execute({ request: s3Request({ headers }), ...CONTEXT })).rejects.toThrow(S3Error);
  });
});

function pairs(headers: readonly string[]): [string, string][] {
  return headers.flatMap((name, i) => (i % 2 === 0 ? [[name, headers[i + 1] as string]] : []));
}

const CONTEXT = { principal: ANONYMOUS, framing: { kind: 'plain' }, observed: blank() } as const;

async function preflight(headers: Record<string, string>, buckets = bucketsWith(RULES)): Promise<S3Response> {
  const request = s3Request({ method: 'OPTIONS', bucket: 'photos', headers });
  return new BucketPreflight(buckets).execute({ request, ...CONTEXT });
}

function bucketsWith(cors: readonly CorsRule[] | undefined): Buckets {
  const bucket = { settings: () => (cors === undefined ? {} : { cors }) } as unknown as Bucket;
  return { find: () => bucket } as unknown as Buckets;
}
