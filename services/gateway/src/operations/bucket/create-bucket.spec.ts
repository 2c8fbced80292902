import { Readable } from 'node:stream';
import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { ALICE, blank, codeOf, headerOf } from '../../../test/support/operation-context.js';
import { s3Request } from '../../../test/support/s3-request.js';
import type { Snapshot } from '../../config/snapshot.js';
import { SnapshotStore } from '../../config/snapshot-store.js';
import { S3Error } from '../../errors/s3-error.js';
import type { S3ErrorCode } from '../../errors/s3-error-codes.js';
import type { S3Response } from '../../http/s3-response.js';
import type { BucketSettings, Buckets } from '../../objects/buckets.js';
import { CreateBucket } from './create-bucket.js';

describe('CreateBucket', () => {
  it.each([
    ['no document', '', 'eu-north-1'],
    ['an empty document', '<CreateBucketConfiguration/>', 'us-east-1'],
    ['the region', location('eu-north-1'), 'eu-north-1'],
    ['no region', location(''), 'eu-north-1'],
    ['the old name of Ireland', location('EU'), 'eu-west-1'],
  ])('makes a bucket with %s', async (_, body, region) => {
    const { response, created } = await create({ body, region });
    expect(response.status).toBe(200);
    expect(headerOf(response, 'Location')).toBe('/photos');
    expect(created).toEqual(['photos']);
  });

  it('sets the tags that the document has', async () => {
    const tags = '<Tags><Tag><Key>team</Key><Value>a</Value></Tag></Tags>';
    const { settings } = await create({ body: `<CreateBucketConfiguration>${tags}</CreateBucketConfiguration>` });
    expect(settings).toEqual([{ tags: [{ key: 'team', value: 'a' }] }]);
  });

  it.each([{ 'x-amz-acl': 'private' }, { 'x-amz-object-ownership': 'BucketOwnerEnforced' }])(
    'takes %j for what holds anyway',
    async (headers) => {
      expect((await create({ headers })).created).toEqual(['photos']);
    },
  );

  it.each<[string, Sketch, S3ErrorCode]>([
    ['another region', { body: location('eu-west-1') }, 'InvalidLocationConstraint'],
    ['the old name of another region', { body: location('EU') }, 'InvalidLocationConstraint'],
    ['XML that ends early', { body: '<CreateBucketConfiguration>' }, 'MalformedXML'],
    ['another document', { body: '<Tagging/>' }, 'MalformedXML'],
    [
      'a directory bucket',
      { body: '<CreateBucketConfiguration><Bucket><Type>Directory</Type></Bucket></CreateBucketConfiguration>' },
      'NotImplemented',
    ],
    ['a public ACL', { headers: { 'x-amz-acl': 'public-read' } }, 'InvalidBucketAclWithObjectOwnership'],
    ['grants', { headers: { 'x-amz-grant-read': 'id="x"' } }, 'InvalidBucketAclWithObjectOwnership'],
    ['an unknown ACL', { headers: { 'x-amz-acl': 'mine' } }, 'InvalidArgument'],
    ['ACLs by ownership', { headers: { 'x-amz-object-ownership': 'ObjectWriter' } }, 'NotImplemented'],
    ['object lock', { headers: { 'x-amz-bucket-object-lock-enabled': 'true' } }, 'NotImplemented'],
    ['a bucket of someone else', { failure: 'BucketAlreadyExists' }, 'BucketAlreadyExists'],
    ['its own bucket again', { failure: 'BucketAlreadyOwnedByYou', region: 'eu-west-1' }, 'BucketAlreadyOwnedByYou'],
  ])('refuses %s', async (_, sketch, code) => {
    expect(await codeOf(() => create(sketch))).toBe(code);
  });

  it("takes its own bucket again for success in S3's oldest region", async () => {
    const { response } = await create({ failure: 'BucketAlreadyOwnedByYou' });
    expect(response.status).toBe(200);
  });
});

interface Sketch {
  readonly body?: string;
  readonly headers?: Record<string, string>;
  readonly region?: string;
  /** What `Buckets.create` answers. */
  readonly failure?: S3ErrorCode;
}

interface Created {
  readonly response: S3Response;
  readonly created: readonly string[];
  readonly settings: readonly BucketSettings[];
}

async function create({ body = '', headers, region = 'us-east-1', failure }: Sketch): Promise<Created> {
  const created: string[] = [];
  const settings: BucketSettings[] = [];
  const buckets = {
    create: (name: string) => {
      if (failure !== undefined) throw new S3Error(failure);
      created.push(name);
    },
    find: () => ({ changeSettings: (change: BucketSettings) => void settings.push(change) }),
  } as unknown as Buckets;
  const request = s3Request({
    method: 'PUT',
    bucket: 'photos',
    headers: { 'content-length': String(body.length), ...headers },
    raw: Readable.from(body === '' ? [] : [Buffer.from(body)], { objectMode: false }) as IncomingMessage,
  });
  const operation = new CreateBucket(buckets, new SnapshotStore({ region } as Snapshot));
  const response = await operation.execute({
    request,
    principal: ALICE,
    framing: { kind: 'plain' },
    observed: blank(),
  });
  return { response, created, settings };
}

function location(region: string): string {
  return `<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>${region}</LocationConstraint></CreateBucketConfiguration>`;
}
