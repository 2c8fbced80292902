import type { MappedBucket } from '@bucketway/contract';
import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ClaimOwner, ClaimRequest, Tombstone } from '../claims/claim.js';
import type { OperatorConfiguration } from '../config/operator-configuration.js';
import type { ConfigMap } from '../kube/core-objects.js';
import type { KubeClient } from '../kube/kube-client.js';
import { OperatorMetrics } from '../observability/operator-metrics.js';
import { parsePolicy } from '../policy/parse-policy.js';
import { Claims } from './claims.js';
import { RetainedPathsError } from './retained-paths-error.js';

const CONFIGURATION = {
  namespace: 'storage',
  documents: { name: 'b' },
  watchNamespaces: ['team-b'],
} as unknown as OperatorConfiguration;
const TENANCY = { policy: parsePolicy({ rules: [{ namespaces: { names: ['*'] }, paths: [{ prefix: '/' }] }] }) };
const STONE: Tombstone = { path: '/old', bucketName: 'old', namespace: 'team-c', name: 'old', since: '2026-01-01' };
const SERVED: MappedBucket = {
  name: 'photos',
  path: '/photos',
  owner: { namespace: 'team-a', name: 'photos', uid: '1' },
  grants: [{ accessKeyId: 'KEY', mode: 'read-write' }],
};
const OWNER: ClaimOwner = { namespace: 'team-a', name: 'photos', uid: '1' };
const NEWCOMER: ClaimOwner = { namespace: 'team-b', name: 'new', uid: '2' };

function requestOf(owner: ClaimOwner, path: string): ClaimRequest {
  const rest = { accessMode: 'ReadWrite', overlap: 'Deny', creationTimestamp: '2026-01-01T00:00:00Z' } as const;
  return { owner, bucketName: owner.name, path, ...rest };
}

describe('Claims', () => {
  let stored: ConfigMap | undefined;
  let claims: Claims;
  let metrics: OperatorMetrics;
  /** What the API server says to a write. */
  let failure: Error | undefined;

  const write = (text: string): ConfigMap =>
    (stored = { metadata: { name: 'b-retained' }, data: { 'retained.json': text } });
  const tombstones = (): Tombstone[] => JSON.parse(stored?.data?.['retained.json'] ?? '[]') as Tombstone[];

  // What it says of a broken ConfigMap is for an administrator.
  beforeAll(() => Logger.overrideLogger(false));
  afterAll(() => Logger.overrideLogger(['warn', 'error', 'fatal']));

  beforeEach(() => {
    stored = undefined;
    failure = undefined;
    const save = (object: ConfigMap): Promise<ConfigMap> =>
      failure === undefined ? Promise.resolve((stored = object)) : Promise.reject(failure);
    const client = {
      get: () => Promise.resolve(stored),
      create: (_: unknown, object: ConfigMap) => save(object),
      replace: (_: unknown, object: ConfigMap) => save(object),
    } as unknown as KubeClient;
    metrics = new OperatorMetrics();
    claims = new Claims(client, CONFIGURATION, TENANCY, metrics);
  });

  describe.each([
    ['no JSON', '[,]'],
    ['a list of nothing', '[null]'],
    ['a list without paths', '[{"pth":"/old"}]'],
  ])('with %s where the paths of deleted S3Buckets should be', (_title, text) => {
    beforeEach(async () => {
      write(text);
      await claims.load([SERVED]);
    });

    it('leaves to everybody what it holds, and gives nobody what may hold data of somebody else', () => {
      expect(claims.refusal(requestOf(OWNER, '/photos'))).toBeUndefined();
      expect(claims.refusal(requestOf(NEWCOMER, '/new'))).toMatch(/storage\/b-retained/);
    });

    it('lets nobody go whose path it cannot note down, and leaves the ConfigMap as it is', async () => {
      await expect(claims.release(OWNER, true)).rejects.toThrow(RetainedPathsError);
      expect(claims.ledger.heldBy(OWNER)).toBeDefined();
      expect(stored?.data?.['retained.json']).toBe(text);
    });

    it('lets go of what was only read, which leaves nothing', async () => {
      await claims.load([{ ...SERVED, grants: [{ accessKeyId: 'KEY', mode: 'read-only' }] }]);
      await claims.release(OWNER, true);
      expect(claims.ledger.heldBy(OWNER)).toBeUndefined();
    });

    it('goes on once somebody mended it, with all that is in it', async () => {
      expect(claims.refusal(requestOf(NEWCOMER, '/old'))).toBeDefined();
      await expect(claims.release(OWNER, true)).rejects.toThrow(RetainedPathsError);
      expect(claims.observeRetained(write('nothing'))).toEqual([]);
      expect(claims.observeRetained(write(JSON.stringify([STONE])))).toEqual([NEWCOMER, OWNER]);

      expect(claims.refusal(requestOf(NEWCOMER, '/old'))).toBeUndefined();
      expect(claims.ledger.claim(requestOf(NEWCOMER, '/old'))).toMatchObject({ granted: false, reason: 'PathTaken' });
      await claims.release(OWNER, true);
      expect(tombstones()).toMatchObject([{ path: '/old' }, { path: '/photos', namespace: 'team-a' }]);
    });
  });

  it('lets an S3Bucket go only where it can be noted down, and tells it when it can', async () => {
    const filler = Array.from({ length: 3000 }, (_, index) => ({
      ...STONE,
      name: `${index}`,
      path: `/old/${'x'.repeat(250)}/${index}`,
    }));
    write(JSON.stringify(filler));
    await claims.load([SERVED]);
    await expect(claims.release(OWNER, true)).rejects.toThrow(/storage\/b-retained.* is full/);
    expect(claims.ledger.heldBy(OWNER)).toBeDefined();

    claims.claim(requestOf(NEWCOMER, '/new'));
    await claims.keepTombstones(NEWCOMER);
    expect(claims.observeRetained(write(JSON.stringify(filler.slice(1500))))).toEqual([OWNER]);
    await claims.release(OWNER, true);
    expect(tombstones()).toHaveLength(1501);
  });

  it('holds up nobody but those whose own note cannot be stored', async () => {
    await claims.load([SERVED]);
    failure = new Error('the object is too large');
    await expect(claims.release(OWNER, true)).rejects.toThrow('too large');
    claims.claim(requestOf(NEWCOMER, '/new'));
    await claims.keepTombstones(NEWCOMER);
    await expect(claims.keepTombstones(OWNER)).rejects.toThrow('too large');

    failure = undefined;
    await claims.keepTombstones(OWNER);
    expect(tombstones()).toMatchObject([{ path: '/photos' }]);
  });

  it('counts what stays served of namespaces that are not watched any more', async () => {
    await claims.load([SERVED, { ...SERVED, name: 'new', path: '/new', owner: { namespace: 'team-b', name: 'new' } }]);
    expect(await metrics.registry.getSingleMetricAsString('bucketway_operator_unwatched_buckets')).toMatch(/ 1$/);
    expect(claims.ledger.heldBy(OWNER)).toBeDefined();
  });

  it('keeps a path for whoever left it again, whatever a late watch tells of the time between', async () => {
    write(JSON.stringify([{ ...STONE, namespace: 'team-a', path: '/photos' }]));
    await claims.load([]);
    claims.claim(requestOf(OWNER, '/photos'));
    await claims.keepTombstones(OWNER);
    const between = stored;
    await claims.release(OWNER, true);
    claims.claim(requestOf(NEWCOMER, '/photos'));

    expect(claims.observeRetained(between)).toEqual([]);
    expect(claims.observeRetained(stored)).toEqual([]);
    expect(claims.claim(requestOf(NEWCOMER, '/photos'))).toMatchObject({ granted: false, reason: 'PathTaken' });
    expect(claims.observeRetained(write('[]'))).toEqual([NEWCOMER]);
  });

  it('takes nothing from versions that are older than what it began with', async () => {
    const { data } = write(JSON.stringify([STONE]));
    const versioned = (resourceVersion: string, content = data): ConfigMap =>
      (stored = { metadata: { name: 'b-retained', resourceVersion }, ...(content && { data: content }) });
    const before = versioned('99', {});
    versioned('100');
    await claims.load([]);
    claims.claim(requestOf(NEWCOMER, '/old'));
    expect(claims.observeRetained(before)).toEqual([]);
    expect(claims.observeRetained(versioned('101', {}))).toEqual([NEWCOMER]);
  });

  it('takes nothing from an edit that cannot be read', async () => {
    write(JSON.stringify([STONE]));
    await claims.load([]);
    expect(claims.observeRetained(write('[null]'))).toEqual([]);
    expect(claims.ledger.claim(requestOf(NEWCOMER, '/old'))).toMatchObject({ granted: false });
    expect(claims.refusal(requestOf(NEWCOMER, '/new'))).toBeUndefined();
  });
});
