import type { S3Bucket, S3BucketSpec, S3BucketStatus } from '@bucketway/contract';
import { describe, expect, it } from 'vitest';
import { decide } from './decide.js';
import type { Decision, Standing } from './decision.js';
import { parsePolicy } from './parse-policy.js';
import { PERMISSIVE_POLICY, singleNamespacePolicy } from './permissive-policy.js';

const POLICY = parsePolicy({
  rules: [
    {
      namespaces: { names: ['team-a'], selector: { matchLabels: { tier: 'gold' } } },
      paths: [
        { prefix: '/teams/{namespace}' },
        { prefix: '/media', accessModes: ['ReadOnly'] },
        { prefix: '/media/inbox', accessModes: ['ReadWrite'] },
      ],
      defaultPath: '/teams/{namespace}/{name}',
      bucketNames: { prefix: '{namespace}-', exact: ['photos'] },
      overlap: 'ReadOnly',
      allow: { anonymous: ['Read'] },
      limits: { bucketsPerNamespace: 2, maxSize: '1Ti' },
      defaults: { quota: { maxObjects: 10 }, rotation: { interval: '720h', overlap: '48h' } },
    },
    {
      namespaces: { names: ['open'] },
      paths: [{ prefix: '/open' }],
      allow: { reclaimDelete: true, existingSecret: false },
    },
    { namespaces: { names: ['*'] }, paths: [{ prefix: '/shared', accessModes: ['ReadOnly'] }] },
  ],
});

interface Asked {
  readonly namespace?: string;
  readonly labels?: Record<string, string>;
  readonly name?: string;
  readonly status?: S3BucketStatus;
  readonly standing?: Standing;
}

function bucketOf(spec: S3BucketSpec, { namespace = 'team-a', name = 'photos', status }: Asked): S3Bucket {
  return {
    apiVersion: 'bucketway.dev/v1alpha1',
    kind: 'S3Bucket',
    metadata: { namespace, name, uid: '1' },
    spec,
    ...(status && { status }),
  };
}

function ask(spec: S3BucketSpec, asked: Asked = {}, policy = POLICY): Decision {
  const { namespace = 'team-a', labels, standing } = asked;
  return decide(policy, {
    namespace: { name: namespace, ...(labels && { labels }) },
    bucket: bucketOf(spec, asked),
    ...(standing && { standing }),
  });
}

describe('decide', () => {
  it('fills in every default', () => {
    expect(ask({})).toEqual({
      accepted: true,
      overlap: 'ReadOnly',
      bucketName: 'photos',
      path: '/teams/team-a/photos',
      pathPolicy: 'CreateIfMissing',
      accessMode: 'ReadWrite',
      anonymous: 'None',
      quota: { maxBytes: 1024 ** 4, maxObjects: 10, mode: 'Enforce' },
      reclaimPolicy: 'Retain',
      cors: [],
      credentials: {
        mode: 'Managed',
        secretName: 'photos-s3',
        formats: ['AWS'],
        rotation: { intervalMs: 720 * 3_600_000, overlapMs: 48 * 3_600_000 },
      },
      suspend: false,
    });
  });

  it('keeps what the S3Bucket says', () => {
    const spec: S3BucketSpec = {
      bucketName: 'team-a-x',
      path: '/media/inbox/x',
      pathPolicy: 'MustExist',
      anonymous: 'Read',
      quota: { maxSize: '1Gi', maxObjects: 3 },
      cors: [{ allowedOrigins: ['*'], allowedMethods: ['GET'] }],
      credentials: {
        mode: 'Existing',
        existingSecretRef: { name: 'mine' },
        secretName: 'x',
        formats: ['OBC'],
        rotation: { interval: '10h', overlap: '1h' },
        rotationRequest: 'now',
      },
      suspend: true,
    };
    expect(ask(spec)).toMatchObject({
      bucketName: 'team-a-x',
      path: '/media/inbox/x',
      pathPolicy: 'MustExist',
      anonymous: 'Read',
      quota: { maxBytes: 1024 ** 3, maxObjects: 3, mode: 'Enforce' },
      cors: spec.cors,
      credentials: {
        mode: 'Existing',
        existingSecretName: 'mine',
        secretName: 'x',
        formats: ['OBC'],
        rotation: { intervalMs: 36_000_000, overlapMs: 3_600_000 },
        rotationRequest: 'now',
      },
      suspend: true,
    });
  });

  it.each<[string, S3BucketSpec, Asked, string, RegExp]>([
    ['a name outside the rule', { bucketName: 'videos' }, {}, 'NameNotAllowed', /begin with "team-a-", "photos"/],
    ['a name that the schema would refuse', { bucketName: 'A' }, {}, 'InvalidSpec', /set spec\.bucketName to one/],
    ['no path where there is no default', {}, { namespace: 'open' }, 'NoDefaultPath', /anew with spec\.path/],
    ['a path of another team', { path: '/teams/team-b/x' }, {}, 'PathNotAllowed', /at or below "\/teams\/team-a"/],
    ['a path whose name begins alike', { path: '/teams/team-a-b' }, {}, 'PathNotAllowed', /create the S3Bucket anew/],
    ['a path above the prefix', { path: '/teams' }, {}, 'PathNotAllowed', /is not permitted in this namespace/],
    ['the root', { path: '/' }, {}, 'PathNotAllowed', /at or below/],
    [
      'an origin with a blank that only the API server takes for none',
      { cors: [{ allowedOrigins: ['https://app.example.com\u00a0'], allowedMethods: ['GET'] }] },
      {},
      'InvalidSpec',
      /spec\.cors\[0\]\.allowedOrigins: must be a list of origins/,
    ],
    ['a path that climbs', { path: '/teams/team-a/../team-b' }, {}, 'InvalidSpec', /is no path of the tree/],
    [
      'a folder of too long a name',
      { path: `/teams/team-a/${'é'.repeat(128)}` },
      {},
      'InvalidSpec',
      /more than 255 bytes/,
    ],
    ["the gateway's folder", { path: '/teams/team-a/.bucketway' }, {}, 'InvalidSpec', /is the gateway's own/],
    [
      'writing where only reading is',
      { path: '/media/x' },
      {},
      'AccessModeNotAllowed',
      /set spec\.accessMode to ReadOnly/,
    ],
    ['anonymous lists', { anonymous: 'ReadList' }, {}, 'AnonymousNotAllowed', /spec\.anonymous to None or Read/],
    ['deleting data', { reclaimPolicy: 'Delete' }, {}, 'ReclaimDeleteNotAllowed', /spec\.reclaimPolicy to Retain/],
    [
      'keys of the user',
      { path: '/open/x', credentials: { mode: 'Existing', existingSecretRef: { name: 'a' } } },
      { namespace: 'open' },
      'ExistingSecretNotAllowed',
      /set spec\.credentials\.mode to Managed/,
    ],
    ['too large a quota', { quota: { maxSize: '2Ti' } }, {}, 'LimitExceeded', /1099511627776 bytes .*: lower it/],
    [
      'a limit that is only reported',
      { quota: { mode: 'Report' } },
      {},
      'LimitExceeded',
      /set spec.quota.mode to Enforce/,
    ],
    ['a quota that is none', { quota: { maxSize: '2TB' } }, {}, 'InvalidSpec', /such as "500Gi"/],
    [
      'too many S3Buckets',
      {},
      { standing: { incumbent: false, othersInNamespace: 2 } },
      'LimitExceeded',
      /has 2 S3Buckets, which is its limit/,
    ],
    [
      'an overlap as long as the interval of the policy',
      { credentials: { rotation: { overlap: '720h' } } },
      {},
      'InvalidSpec',
      /overlap is not shorter/,
    ],
    ['a rotation that is none', { credentials: { rotation: { interval: '1d' } } }, {}, 'InvalidSpec', /"720h"/],
  ])('refuses %s', (_, spec, asked, reason, message) => {
    expect(ask(spec, asked)).toEqual({ accepted: false, reason, message: expect.stringMatching(message) });
  });

  it('lets the first rule decide that names the namespace', () => {
    expect(ask({ path: '/shared/x', accessMode: 'ReadOnly' })).toMatchObject({ reason: 'PathNotAllowed' });
    expect(ask({ path: '/shared/x', accessMode: 'ReadOnly' }, { namespace: 'other' })).toMatchObject({
      accepted: true,
    });
    const gold: Asked = { namespace: 'other', labels: { tier: 'gold' } };
    expect(ask({ bucketName: 'other-x' }, gold)).toMatchObject({ path: '/teams/other/photos' });
  });

  it('permits nothing to a namespace that no rule names', () => {
    const closed = parsePolicy({ rules: [] });
    expect(ask({}, {}, closed)).toMatchObject({
      reason: 'NamespaceNotAllowed',
      message: expect.stringMatching(/"team-a".*"policy\.rules"/),
    });
    expect(ask({}, { namespace: 'b' }, singleNamespacePolicy('a'))).toMatchObject({ reason: 'NamespaceNotAllowed' });
    expect(ask({}, { namespace: 'a' }, singleNamespacePolicy('a'))).toMatchObject({ path: '/a/photos' });
  });

  it('adds prefixes up', () => {
    expect(ask({ path: '/media/inbox', accessMode: 'ReadOnly' })).toMatchObject({ accepted: true });
    expect(ask({ path: '/media/inbox' })).toMatchObject({ accepted: true });
  });

  it('takes a limit from newcomers only', () => {
    expect(ask({}, { standing: { incumbent: true, othersInNamespace: 9 } })).toMatchObject({ accepted: true });
    expect(ask({}, { standing: { incumbent: false, othersInNamespace: 1 } })).toMatchObject({ accepted: true });
  });

  it('leaves data where it lies when the default changes', () => {
    const standing: Standing = { incumbent: true, othersInNamespace: 0, path: '/teams/team-a/old' };
    expect(ask({}, { standing })).toMatchObject({ path: '/teams/team-a/old' });
    expect(ask({}, { status: { path: '/teams/team-a/older' } })).toMatchObject({ path: '/teams/team-a/older' });
    expect(ask({}, { standing, status: { path: '/teams/team-a/older' } })).toMatchObject({ path: '/teams/team-a/old' });
    expect(ask({ path: '/teams/team-a/new' }, { standing })).toMatchObject({ path: '/teams/team-a/new' });
  });

  it('does not believe a status that somebody else wrote', () => {
    expect(ask({}, { status: { path: '/teams/team-b' } })).toMatchObject({ reason: 'PathNotAllowed' });
  });

  it.each<[object, object, object]>([
    [{}, {}, { overlapMs: 24 * 3_600_000 }],
    [{}, { interval: '2h' }, { intervalMs: 7_200_000, overlapMs: 3_600_000 }],
    [{ overlap: '48h' }, { interval: '2h' }, { intervalMs: 7_200_000, overlapMs: 3_600_000 }],
    [{ overlap: '48h' }, { overlap: '1h' }, { overlapMs: 3_600_000 }],
    [{ interval: '100h' }, {}, { intervalMs: 360_000_000, overlapMs: 24 * 3_600_000 }],
  ])('rotates by %j of the policy and %j of the S3Bucket', (rotation, own, effective) => {
    const policy = parsePolicy({
      rules: [{ namespaces: { names: ['*'] }, paths: [{ prefix: '/' }], defaults: { rotation } }],
    });
    const decision = ask({ path: '/x', credentials: { rotation: own } }, {}, policy);
    expect(decision).toMatchObject({ accepted: true, credentials: { rotation: effective } });
  });

  describe('with paths in another spelling', () => {
    const spelled = (caseInsensitivePaths: boolean): ReturnType<typeof parsePolicy> =>
      parsePolicy({
        caseInsensitivePaths,
        rules: [{ namespaces: { names: ['*'] }, paths: [{ prefix: '/Caf\u00e9/{namespace}' }] }],
      });

    it('takes both forms of a letter for one, and serves the form of the policy', () => {
      const decision = ask({ path: '/Cafe\u0301/team-a/Cafe\u0301' }, {}, spelled(false));
      expect(decision).toMatchObject({ accepted: true, path: '/Caf\u00e9/team-a/Cafe\u0301' });
    });

    it('tells case apart unless told otherwise', () => {
      expect(ask({ path: '/caf\u00e9/team-a' }, {}, spelled(false))).toMatchObject({ reason: 'PathNotAllowed' });
      expect(ask({ path: '/CAF\u00c9/TEAM-A/X' }, {}, spelled(true))).toMatchObject({ path: '/Caf\u00e9/team-a/X' });
    });
  });

  it('has a preset for one team', () => {
    expect(ask({ reclaimPolicy: 'Delete', anonymous: 'ReadList' }, {}, PERMISSIVE_POLICY)).toMatchObject({
      accepted: true,
      path: '/team-a/photos',
    });
    expect(ask({ path: '/' }, {}, PERMISSIVE_POLICY)).toMatchObject({ accepted: true, path: '/' });
  });
});
