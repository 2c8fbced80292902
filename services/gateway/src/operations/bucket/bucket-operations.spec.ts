import { Test } from '@nestjs/testing';
import { describe, expect, it, vi } from 'vitest';
import { ALICE, codeOf, contextOf, headerOf, MemoryBuckets } from '../../../test/support/operation-context.js';
import type { Snapshot } from '../../config/snapshot.js';
import { SnapshotStore } from '../../config/snapshot-store.js';
import { type BucketSettings, Buckets } from '../../objects/buckets.js';
import type { S3Response } from '../../http/s3-response.js';
import { OPERATION_METADATA, type BucketContext, type Operation, type OperationDescription } from '../operation.js';
import { StorageTree } from '../../storage/storage-tree.js';
import { ownerOf } from '../documents/owner.js';
import { BUCKET_OPERATIONS } from './bucket-operations.js';

describe('bucket operations', () => {
  it('are told apart by method and sub-resource, and each is provided by Nest under its own name', async () => {
    const module = await Test.createTestingModule({
      providers: [
        ...BUCKET_OPERATIONS,
        { provide: Buckets, useClass: MemoryBuckets },
        { provide: SnapshotStore, useValue: new SnapshotStore({ region: 'us-east-1' } as Snapshot) },
        { provide: StorageTree, useValue: {} },
      ],
    }).compile();
    const seen = new Set<string>();
    for (const type of BUCKET_OPERATIONS) {
      const { name, method, query } = descriptionOf(type);
      expect(type.name).toBe(name);
      expect(module.get(type)).toBeInstanceOf(type);
      seen.add(`${method} ${query?.join()}`);
    }
    expect(seen.size).toBe(BUCKET_OPERATIONS.length);
  });

  it.each([
    ['GetBucketPolicy', 'NoSuchBucketPolicy'],
    ['GetBucketLifecycleConfiguration', 'NoSuchLifecycleConfiguration'],
    ['GetBucketEncryption', 'ServerSideEncryptionConfigurationNotFoundError'],
    ['GetBucketWebsite', 'NoSuchWebsiteConfiguration'],
    ['GetBucketReplication', 'ReplicationConfigurationNotFoundError'],
    ['GetObjectLockConfiguration', 'ObjectLockConfigurationNotFoundError'],
    ['GetPublicAccessBlock', 'NoSuchPublicAccessBlockConfiguration'],
    ['GetBucketCors', 'NoSuchCORSConfiguration'],
    ['GetBucketTagging', 'NoSuchTagSet'],
  ])('%s of a bucket without it is %s', async (name, code) => {
    expect(await codeOf(() => run(name))).toBe(code);
  });

  it.each([
    ['GetBucketVersioning', '<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>'],
    ['GetBucketLogging', '<BucketLoggingStatus xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>'],
    ['GetBucketNotificationConfiguration', '<NotificationConfiguration'],
    ['GetBucketAccelerateConfiguration', '<AccelerateConfiguration'],
    ['GetBucketRequestPayment', '<Payer>BucketOwner</Payer>'],
    ['GetBucketOwnershipControls', '<Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule>'],
    ['GetBucketPolicyStatus', '<IsPublic>false</IsPublic>'],
    ['GetBucketAcl', `<ID>${ownerOf(ALICE).id}</ID>`],
    ['GetBucketLocation', '<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></LocationConstraint>'],
  ])('%s has the document %s', async (name, part) => {
    const { status, body } = await run(name);
    expect(status).toBe(200);
    expect(body).toContain(part);
    expect(body).toMatch(/^<\?xml version="1.0" encoding="UTF-8"\?>/);
  });

  it.each([
    'DeleteBucketPolicy',
    'DeleteBucketLifecycle',
    'DeleteBucketEncryption',
    'DeleteBucketWebsite',
    'DeleteBucketReplication',
    'DeletePublicAccessBlock',
  ])('%s of what is not there succeeds', async (name) => {
    expect(await run(name)).toEqual({ status: 204, headers: [] });
  });

  it('whatever changes a bucket needs the admin permission, or decides itself', () => {
    for (const type of BUCKET_OPERATIONS) {
      const { method, permission } = descriptionOf(type);
      if (method === 'PUT' || method === 'DELETE') expect(['admin', 'authenticated']).toContain(permission);
      expect(permission).not.toBe('public');
    }
  });

  it('HeadBucket and GetBucketLocation name the region', async () => {
    expect(headerOf(await run('HeadBucket', { region: 'eu-west-1' }), 'x-amz-bucket-region')).toBe('eu-west-1');
    expect((await run('GetBucketLocation', { region: 'eu-west-1' })).body).toContain('>eu-west-1<');
  });

  it('GetBucketPolicyStatus tells a bucket that anybody may read', async () => {
    const { photos } = new MemoryBuckets();
    const bucket = { ...photos, mapping: { ...photos.mapping, anonymous: 'read' as const } };
    expect((await run('GetBucketPolicyStatus', { bucket })).body).toContain('<IsPublic>true</IsPublic>');
  });

  it('keeps, gives and removes tags', async () => {
    const bucket = bucketWithSettings();
    const body =
      '<Tagging><TagSet><Tag><Key>b</Key><Value>2</Value></Tag><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>';
    expect((await run('PutBucketTagging', { bucket, body })).status).toBe(204);
    expect(await bucket.settings()).toEqual({
      tags: [
        { key: 'a', value: '1' },
        { key: 'b', value: '2' },
      ],
    });
    expect((await run('GetBucketTagging', { bucket })).body).toContain('<Key>a</Key><Value>1</Value>');
    expect((await run('DeleteBucketTagging', { bucket })).status).toBe(204);
    expect(await codeOf(() => run('GetBucketTagging', { bucket }))).toBe('NoSuchTagSet');
  });

  it('refuses more tags than S3 does', async () => {
    const bucket = bucketWithSettings();
    expect((await run('PutBucketTagging', { bucket, body: tagging(50) })).status).toBe(204);
    expect(await codeOf(() => run('PutBucketTagging', { bucket, body: tagging(51) }))).toBe('InvalidTag');
  });

  it('keeps, gives and removes CORS rules', async () => {
    const bucket = bucketWithSettings();
    const rule = '<CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule>';
    const body = `<CORSConfiguration>${rule}</CORSConfiguration>`;
    expect((await run('PutBucketCors', { bucket, body })).status).toBe(200);
    expect((await run('GetBucketCors', { bucket })).body).toContain(rule);
    expect((await run('DeleteBucketCors', { bucket })).status).toBe(204);
    expect(await codeOf(() => run('GetBucketCors', { bucket }))).toBe('NoSuchCORSConfiguration');
  });

  it.each(['PutBucketCors', 'DeleteBucketCors'])(
    '%s is refused while the configuration has the rules',
    async (name) => {
      const own = bucketWithSettings();
      const changeSettings = vi.fn();
      const bucket = { ...own, mapping: { ...own.mapping, cors: [] }, changeSettings };
      const rule = '<CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule>';
      const body = `<CORSConfiguration>${rule}</CORSConfiguration>`;
      expect(await codeOf(() => run(name, { bucket, body }))).toBe('InvalidBucketState');
      expect(changeSettings).not.toHaveBeenCalled();
    },
  );

  it.each([
    [{ 'x-amz-acl': 'private' }, undefined],
    [{ 'x-amz-acl': 'public-read' }, 'AccessControlListNotSupported'],
    [{ 'x-amz-acl': 'nonsense' }, 'InvalidArgument'],
    [{ 'x-amz-grant-write': 'uri="x"' }, 'AccessControlListNotSupported'],
    [{}, 'MissingSecurityHeader'],
  ])('PutBucketAcl with %j: %s', async (headers, code) => {
    expect(await codeOf(() => run('PutBucketAcl', { headers }))).toBe(code);
  });
});

function tagging(count: number): string {
  const tags = Array.from({ length: count }, (_, i) => `<Tag><Key>${i}</Key><Value/></Tag>`);
  return `<Tagging><TagSet>${tags.join('')}</TagSet></Tagging>`;
}

interface Sketch {
  readonly bucket?: BucketContext['bucket'];
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly region?: string;
}

async function run(name: string, sketch: Sketch = {}): Promise<S3Response> {
  const type = BUCKET_OPERATIONS.find((candidate) => candidate.name === name);
  if (type === undefined) throw new Error(`There is no operation ${name}.`);
  // Those of this spec that are injected anything are injected the snapshots alone.
  const operation = new type(
    new SnapshotStore({ region: sketch.region ?? 'us-east-1' } as Snapshot),
  ) as Operation<BucketContext>;
  const { bucket = new MemoryBuckets().photos, body, headers } = sketch;
  return operation.execute(contextOf({ bucket, ...(body === undefined ? {} : { body }), ...(headers && { headers }) }));
}

function bucketWithSettings(): BucketContext['bucket'] {
  let settings: BucketSettings = {};
  return {
    ...new MemoryBuckets().photos,
    settings: () => settings,
    confirm: () => undefined,
    changeSettings: (change) => {
      const next = { ...settings, ...change };
      settings = Object.fromEntries(Object.entries(next).filter(([, value]) => value !== undefined));
    },
  };
}

function descriptionOf(type: object): OperationDescription {
  return Reflect.getMetadata(OPERATION_METADATA, type) as OperationDescription;
}
