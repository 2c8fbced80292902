import { CopyObjectCommand, PutObjectCommand, S3ServiceException } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AnonymousAccess, BucketMapping, Grant } from '../../src/config/snapshot.js';
import { presignTarget } from '../support/raw-request.js';
import { fullGrant, MAIN, OTHER, startGateway, type RunningGateway } from '../support/running-gateway.js';

function mapping(name: string, anonymous: AnonymousAccess, more: readonly Grant[] = []): [string, BucketMapping] {
  return [name, { name, path: '/', grants: [fullGrant(MAIN), ...more], anonymous }];
}

function grant(permissions: Grant['permissions'], prefix = ''): Grant {
  return { accessKeyId: OTHER.accessKeyId, permissions, prefix };
}

describe('a key that is not there', () => {
  let gateway: RunningGateway;
  beforeAll(async () => {
    gateway = await startGateway({
      buckets: new Map([
        mapping('readable', 'read'),
        mapping('listable', 'read-list'),
        mapping('granted', 'none', [grant(new Set(['read'])), grant(new Set(['list']), 'open/')]),
        mapping('target', 'none', [grant(new Set(['write']))]),
      ]),
    });
    await gateway.client().send(new PutObjectCommand({ Bucket: 'readable', Key: 'there', Body: 'x' }));
  });
  afterAll(() => gateway[Symbol.asyncDispose]());

  it.each([
    ['readable', 'there', '', 200],
    ['readable', 'missing', '', 403],
    ['readable', 'missing', '?tagging', 403],
    ['readable', 'missing', '?attributes', 403],
    ['listable', 'missing', '', 404],
  ])('anonymous, /%s/%s%s: %s', async (bucket, key, query, status) => {
    const answer = await fetch(`${gateway.endpoint}/${bucket}/${key}${query}`, {
      headers: { 'x-amz-object-attributes': 'ETag' },
    });
    expect(answer.status).toBe(status);
    const text = await answer.text();
    if (status === 403) expect(text).toContain('<Code>AccessDenied</Code>');
    if (status === 404) expect(text).toContain('<Code>NoSuchKey</Code>');
  });

  it.each([
    ['readable', 403],
    ['listable', 404],
  ])('anonymous, HEAD in %s: %s', async (bucket, status) => {
    expect((await fetch(`${gateway.endpoint}/${bucket}/missing`, { method: 'HEAD' })).status).toBe(status);
  });

  it.each([
    ['missing', 403],
    ['open/missing', 404],
  ])('signed, with a grant to list below open/: %s is %s', async (key, status) => {
    const host = `127.0.0.1:${gateway.port}`;
    const target = await presignTarget({ host, target: `/granted/${key}` }, OTHER);
    expect((await fetch(`http://${host}${target}`)).status).toBe(status);
  });

  it.each([
    ['missing', 'AccessDenied'],
    ['open/missing', 'NoSuchKey'],
  ])('as the source of a copy: %s is %s', async (key, code) => {
    const copy = new CopyObjectCommand({ Bucket: 'target', Key: 'x', CopySource: `granted/${key}` });
    const error: unknown = await gateway
      .client(OTHER)
      .send(copy)
      .catch((reason: unknown) => reason);
    expect((error as S3ServiceException).name).toBe(code);
  });
});
