import { S3_BUCKET_FINALIZER } from '@bucketway/contract';
import type { MappedBucket, S3Bucket, S3BucketSpec } from '@bucketway/contract';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Incumbent, Tombstone } from '../claims/claim.js';
import type { ClusterCache } from '../cluster/cluster-cache.js';
import type { OperatorConfiguration } from '../config/operator-configuration.js';
import type { DocumentPublisher } from '../documents/document-publisher.js';
import type { KubeClient } from '../kube/kube-client.js';
import { objectKey } from '../kube/kube-object.js';
import { OperatorMetrics } from '../observability/operator-metrics.js';
import { parsePolicy } from '../policy/parse-policy.js';
import { Admission } from './admission.js';
import { Claims } from './claims.js';
import type { Withdrawal } from './deletion/withdrawal.js';
import type { RingUsers } from './keys/ring-users.js';
import type { WatchedBuckets } from './news/cluster-news.js';
import { ServedBuckets } from './served-buckets.js';
import type { BucketEvents } from './status/bucket-events.js';
import { TakeOver } from './take-over.js';

const TENANCY = {
  policy: parsePolicy({
    rules: [{ namespaces: { names: ['*'] }, paths: [{ prefix: '/shared' }], defaultPath: '/shared/{name}' }],
  }),
};

interface Written {
  readonly spec?: S3BucketSpec;
  /** What its status says that it holds. */
  readonly held?: string;
  readonly accepted?: boolean;
  readonly created?: string;
  /** Deleted, and these finalizers hold it. */
  readonly deleted?: readonly string[];
}

function bucket(who: string, { spec = {}, held, accepted = true, created = '2026-02', deleted }: Written): S3Bucket {
  const [namespace = '', name = ''] = who.split('/');
  return {
    metadata: {
      namespace,
      name,
      uid: who,
      creationTimestamp: `${created}-01T00:00:00Z`,
      ...(deleted && { deletionTimestamp: '2026-03-01T00:00:00Z', finalizers: deleted }),
    },
    spec,
    ...(held !== undefined && {
      status: {
        path: held,
        bucketName: name,
        conditions: [{ type: 'Accepted', status: accepted ? 'True' : 'False' }],
      },
    }),
  } as unknown as S3Bucket;
}

describe('taking over', () => {
  let buckets: S3Bucket[];
  let mappings: MappedBucket[];
  let retained: Tombstone[];
  beforeEach(() => {
    buckets = [];
    mappings = [];
    retained = [];
  });

  /** Who holds which path afterwards. */
  async function holders(): Promise<Record<string, string>> {
    return Object.fromEntries((await held()).map(({ owner, path }) => [objectKey(owner), path]));
  }

  async function held(): Promise<readonly Incumbent[]> {
    const cache = {
      s3Buckets: new Map(buckets.map((each) => [objectKey(each.metadata), each])),
      namespaces: new Map(),
      mappings: new Map(),
      credentials: new Map(),
      appSecrets: new Map(),
      watches: () => true,
    } as unknown as ClusterCache;
    const publisher = {
      load: () => ({ incumbents: mappings, distrusted: [], recovered: [] }),
      keys: () => undefined,
      mapping: (name: string) => {
        const bucket = mappings.find((mapping) => mapping.name === name);
        return bucket && { bucket };
      },
    } as unknown as DocumentPublisher;
    const client = {
      get: () => Promise.resolve({ metadata: {}, data: { 'retained.json': JSON.stringify(retained) } }),
    } as unknown as KubeClient;
    const configuration = {
      namespace: 'storage',
      documents: { name: 'b' },
      watchNamespaces: [],
    } as unknown as OperatorConfiguration;
    const claims = new Claims(client, configuration, TENANCY, new OperatorMetrics());
    const users = { accept: () => {} } as unknown as RingUsers;
    const admission = new Admission(cache, TENANCY, claims, new OperatorMetrics(), { reservedBuckets: ['fixed'] });
    const withdrawal = { servedName: () => undefined } as unknown as Withdrawal;
    await new TakeOver(
      cache,
      publisher,
      new ServedBuckets(admission, withdrawal, claims, publisher),
      { claims, users } as WatchedBuckets,
      { credentialsReissued: () => {} } as unknown as BucketEvents,
    ).run();
    return claims.ledger.incumbents();
  }

  const waiter = bucket('team-b/waiter', { spec: { path: '/shared/photos' }, created: '2026-01' });

  it('without a mappings document leaves a path to whom it was served, whoever waits for it longer', async () => {
    buckets = [waiter, bucket('team-a/photos', { held: '/shared/photos' })];
    expect(await holders()).toEqual({ 'team-a/photos': '/shared/photos' });
  });

  it.each<readonly [string, Written]>([
    ['is being deleted', { deleted: [S3_BUCKET_FINALIZER] }],
    ['the policy refuses for something else', { spec: { anonymous: 'Read' }, accepted: false }],
  ])('keeps the path of an S3Bucket that %s', async (_title, written) => {
    buckets = [waiter, bucket('team-a/photos', { ...written, held: '/shared/photos' })];
    expect(await holders()).toEqual({ 'team-a/photos': '/shared/photos' });
  });

  it('believes the mappings before any status, and who was served last before who was once', async () => {
    mappings = [{ name: 'new', path: '/shared/photos', owner: { namespace: 'team-c', name: 'new' }, grants: [] }];
    buckets = [
      bucket('team-a/photos', { held: '/shared/photos' }),
      bucket('team-c/new', { spec: { path: '/shared/photos' }, held: '/shared/photos' }),
      bucket('team-a/once', { held: '/shared/videos', accepted: false, created: '2026-01' }),
      bucket('team-b/now', { spec: { path: '/shared/videos' }, held: '/shared/videos' }),
    ];
    expect(await holders()).toEqual({ 'team-c/new': '/shared/photos', 'team-b/now': '/shared/videos' });
  });

  it.each<readonly [string, S3BucketSpec, readonly MappedBucket[], string]>([
    ['wrote', {}, [], 'ReadWrite'],
    ['only read', { accessMode: 'ReadOnly' }, [], 'ReadOnly'],
    [
      'may write by its spec, and only read what somebody else has,',
      {},
      [{ name: 'all', path: '/shared', owner: { namespace: 'team-b', name: 'all', uid: 'team-b/all' }, grants: [] }],
      'ReadOnly',
    ],
  ])('knows of one without a key that is being deleted that it %s', async (_title, spec, others, accessMode) => {
    const owner = { namespace: 'team-a', name: 'photos', uid: 'team-a/photos' };
    mappings = [{ name: 'photos', path: '/shared/photos', owner, grants: [] }, ...others];
    buckets = [bucket('team-a/photos', { spec, held: '/shared/photos', deleted: [S3_BUCKET_FINALIZER] })];
    expect((await held()).find((claim) => claim.bucketName === 'photos')).toMatchObject({ accessMode });
  });

  it('leaves to a pass what one that is gone is served under another bucket name than its successor asks for', async () => {
    const owner = { namespace: 'team-a', name: 'photos', uid: 'gone' };
    mappings = [{ name: 'old', path: '/shared/old', owner, grants: [] }];
    buckets = [bucket('team-a/photos', {})];
    expect(await held()).toMatchObject([{ owner, bucketName: 'old' }]);
  });

  it('takes no path for written to that must be found empty first', async () => {
    buckets = [bucket('team-a/photos', { spec: { path: '/shared/photos', pathPolicy: 'MustBeEmpty' } })];
    expect(await held()).toMatchObject([{ path: '/shared/photos', isTrial: true }]);
  });

  it('gives back nothing to an S3Bucket that let go already and is held by somebody else', async () => {
    buckets = [waiter, bucket('team-a/photos', { deleted: ['example.com/other'], held: '/shared/photos' })];
    expect(await holders()).toEqual({ 'team-b/waiter': '/shared/photos' });
  });

  it('gives nobody the name of a bucket of the gateways', async () => {
    buckets = [bucket('team-a/fixed', {}), bucket('team-a/other', {})];
    expect(await holders()).toEqual({ 'team-a/other': '/shared/other' });
  });

  it('keeps the path of one whose name the gateways have taken since', async () => {
    const fixed = bucket('team-a/fixed', { held: '/shared/photos', accepted: false });
    buckets = [waiter, fixed];
    expect(await holders()).toEqual({ 'team-a/fixed': '/shared/photos' });
  });

  it('gives nobody what the policy does not permit, or what holds the data of another namespace', async () => {
    retained = [{ path: '/shared/old', bucketName: 'old', namespace: 'team-c', name: 'old', since: '2026' }];
    buckets = [
      bucket('team-b/forged', { held: '/elsewhere' }),
      bucket('team-b/heir', { spec: { path: '/shared/old' }, held: '/shared/old' }),
    ];
    expect(await holders()).toEqual({});
  });
});
