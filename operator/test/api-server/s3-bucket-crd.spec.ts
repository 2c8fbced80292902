import type { S3Bucket } from '@bucketway/contract';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Resource } from '../../src/kube/resource.js';
import { startKubeApiServer, NO_KUBE_API_SERVER } from '../support/kube-api-server.js';
import type { KubeApiServer } from '../support/kube-api-server.js';

const CRD = fileURLToPath(new URL('../../../manifests/crds/s3buckets.bucketway.dev.yaml', import.meta.url));

/** An S3Bucket as a test writes it, with mistakes that the type would not let through. */
interface Written {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec?: unknown;
}

const S3_BUCKETS: Resource<Written> = {
  group: 'bucketway.dev',
  version: 'v1alpha1',
  plural: 's3buckets',
  kind: 'S3Bucket',
  namespaced: true,
};

const name63 = 'a'.repeat(63);
const reserved = /S3 reserves/;
const dns = /only a-z, 0-9, "-" and "\."/;
const existing = { mode: 'Existing', existingSecretRef: { name: 'mine' } };

const LEGAL: [string, unknown][] = [
  ['no spec', undefined],
  ['an empty spec', {}],
  ['empty objects', { quota: {}, credentials: {}, cors: [] }],
  ['a bucket name of 3', { bucketName: 'a-1' }],
  ['a bucket name of 63', { bucketName: name63 }],
  ['a bucket name with dots', { bucketName: 'a.b-c.d' }],
  ['a bucket name of digits and dots that is no address', { bucketName: '1.2.3' }],
  ['reserved text in the middle of a bucket name', { bucketName: 'a-xn--b' }],
  ['the root as path', { path: '/' }],
  ['a deep path', { path: '/a/b.c/..d/Ünï côdé' }],
  ['a path of 1024', { path: `/${'a'.repeat(255)}`.repeat(4) }],
  ['every enum', { pathPolicy: 'MustBeEmpty', accessMode: 'ReadOnly', anonymous: 'ReadList', reclaimPolicy: 'Delete' }],
  ['a quota', { quota: { maxSize: '500Gi', maxObjects: 1 } }],
  ['a quota that is only reported', { quota: { maxObjects: 1, mode: 'Report' } }],
  ['the largest quota', { quota: { maxSize: '9007199254740991', maxObjects: 9007199254740991 } }],
  ['an existing Secret', { credentials: existing }],
  ['no credentials', { credentials: { mode: 'None' } }],
  ['all formats', { credentials: { formats: ['AWS', 'OBC', 'COSI', 'Files', 'ServiceBinding'] } }],
  ['a rotation', { credentials: { rotation: { interval: '720h', overlap: '24h' }, rotationRequest: '2026-11-22' } }],
  ['a rotation on request', { credentials: { rotation: { overlap: '0s' } } }],
  ['a rotation of mixed units', { credentials: { rotation: { interval: '1h30m10s', overlap: '90m9s' } } }],
  ['a shared Secret', { credentials: { secretName: 'shared.keys' } }],
  [
    'CORS',
    {
      cors: [
        {
          id: 'app',
          allowedOrigins: ['https://*.example.com', '*'],
          allowedMethods: ['GET', 'PUT'],
          allowedHeaders: ['*', 'x-amz-*', "!#$%&'+.^_`|~"],
          exposeHeaders: ['ETag'],
          maxAgeSeconds: 0,
        },
      ],
    },
  ],
  ['suspend', { suspend: true }],
];

const cors = (change: object): object => ({ cors: [{ allowedOrigins: ['*'], allowedMethods: ['GET'], ...change }] });
const rotation = (change: object): object => ({ credentials: { rotation: change } });

const ILLEGAL: [string, unknown, RegExp][] = [
  ['a bucket name of 2', { bucketName: 'ab' }, /spec\.bucketName.*at least 3 chars/],
  ['a bucket name of 64', { bucketName: `${name63}a` }, /spec\.bucketName.*(at most|may not be more than) 63/],
  ['capitals', { bucketName: 'Photos' }, dns],
  ['an underscore', { bucketName: 'a_b' }, dns],
  ['a hyphen at the beginning', { bucketName: '-ab' }, dns],
  ['a hyphen at the end', { bucketName: 'ab-' }, dns],
  ['two dots', { bucketName: 'a..b' }, dns],
  ['a dot beside a hyphen', { bucketName: 'a.-b' }, dns],
  ['a newline', { bucketName: 'abc\n' }, dns],
  ['an IPv4 address', { bucketName: '192.168.5.4' }, /must not look like an IPv4 address; put a letter into it/],
  ...['xn--abc', 'sthree-abc', 'amzn-s3-demo-a', 'a-s3alias', 'a--ol-s3', 'a--x-s3', 'a--table-s3', 'abc.mrap'].map(
    (bucketName): [string, unknown, RegExp] => [bucketName, { bucketName }, reserved],
  ),
  ['a relative path', { path: 'a/b' }, /begin it with "\/"/],
  ['an empty path', { path: '' }, /spec\.path/],
  ['two slashes', { path: '/a//b' }, /without "\/\/"/],
  ['a slash at the end', { path: '/a/' }, /without "\/" at its end/],
  ['a dot', { path: '/a/./b' }, /write the path without them/],
  ['two dots at the end', { path: '/a/..' }, /must not hold "\." or "\.\." as a segment/],
  ['two dots at the beginning', { path: '/../a' }, /must not hold "\." or "\.\." as a segment/],
  ['NUL', { path: '/a\u0000b' }, /must not hold control characters/],
  ['DEL', { path: '/a\u007fb' }, /must not hold control characters/],
  ['a newline', { path: '/a\n' }, /must not hold control characters/],
  ['a backslash', { path: '/a\\b' }, /or backslashes; rename the folder/],
  ["the gateway's folder", { path: '/a/.bucketway/uploads' }, /is the gateway's own; choose another folder/],
  ["the gateway's folder in capitals", { path: '/.BucketWay' }, /is the gateway's own/],
  ['a segment of 256', { path: `/${'a'.repeat(256)}` }, /must not hold a segment of more than 255 characters/],
  ['a path of 1025', { path: `/${'a'.repeat(255)}`.repeat(4) + '/' }, /spec\.path.*1024/],
  ['another path policy', { pathPolicy: 'Exists' }, /supported values: "CreateIfMissing", "MustExist", "MustBeEmpty"/],
  [
    'an empty path that no key can look at',
    { pathPolicy: 'MustBeEmpty', credentials: { mode: 'None' } },
    /looked after with the key of the bucket: set credentials\.mode to Managed or Existing/,
  ],
  ['another mode of a quota', { quota: { mode: 'Warn' } }, /supported values: "Enforce", "Report"/],
  ['another access mode', { accessMode: 'WriteOnly' }, /supported values: "ReadWrite", "ReadOnly"/],
  ['another anonymous mode', { anonymous: 'Write' }, /supported values: "None", "Read", "List", "ReadList"/],
  ['another reclaim policy', { reclaimPolicy: 'Recycle' }, /supported values: "Retain", "Delete"/],
  ...['0', '-1', '1.5Gi', '1e3', '1GiB', '9007199254740992', '8Pi', '999999999999999999P', ' 1'].map(
    (maxSize): [string, unknown, RegExp] => [
      `size ${maxSize}`,
      { quota: { maxSize } },
      /as "1048576", "500Gi" or "2T"/,
    ],
  ),
  ['a size that is a number', { quota: { maxSize: 5 } }, /must be of type string/],
  ['no objects', { quota: { maxObjects: 0 } }, /greater than or equal to 1/],
  ['more objects than a double counts', { quota: { maxObjects: 9007199254740992 } }, /less than or equal to/],
  ['Existing without a Secret', { credentials: { mode: 'Existing' } }, /existingSecretRef goes with mode Existing/],
  ['a Secret without Existing', { credentials: { existingSecretRef: { name: 'a' } } }, /set both or neither/],
  ['a reference without a name', { credentials: { ...existing, existingSecretRef: {} } }, /name: Required value/],
  ['a reference to no name', { credentials: { ...existing, existingSecretRef: { name: 'A' } } }, dns],
  ['one Secret for both', { credentials: { ...existing, secretName: 'mine' } }, /give it another name than/],
  ['a Secret of capitals', { credentials: { secretName: 'Mine' } }, dns],
  ['another mode', { credentials: { mode: 'IAM' } }, /supported values: "Managed", "Existing", "None"/],
  ['another format', { credentials: { formats: ['GCS'] } }, /supported values: "AWS", "OBC"/],
  ['a format twice', { credentials: { formats: ['AWS', 'AWS'] } }, /names a format twice/],
  ['no format', { credentials: { formats: [] } }, /at least 1 items/],
  ['overlap as long', rotation({ interval: '24h', overlap: '1440m' }), /overlap must be shorter than interval/],
  ['overlap longer', rotation({ interval: '24h', overlap: '25h' }), /shorten overlap or set a longer interval/],
  ['a negative overlap', rotation({ overlap: '-1h' }), /write it as "24h", "1h30m" or "0s"/],
  ['days', rotation({ interval: '30d', overlap: '1d' }), /write it as "720h", "1h30m" or "90s"/],
  ['less than a minute', rotation({ interval: '59s' }), /of at least a minute in all/],
  ['no rotation request', { credentials: { rotationRequest: '' } }, /at least 1 chars/],
  ['CORS without origins', cors({ allowedOrigins: [] }), /at least 1 items/],
  ['CORS with two wildcards', cors({ allowedOrigins: ['*.*'] }), /must be an origin such as "https:/],
  ['CORS with a blank', cors({ allowedOrigins: ['a b'] }), /without blanks and with at most one/],
  ['CORS with another method', cors({ allowedMethods: ['PATCH'] }), /supported values: "GET"/],
  [
    'CORS headers with a line break',
    cors({ allowedHeaders: ['a\r\nSet-Cookie: x'] }),
    /header name such as "x-amz-\*"/,
  ],
  ['CORS exposing all', cors({ exposeHeaders: ['*'] }), /header name such as "ETag", without "\*"/],
  ['CORS with a negative age', cors({ maxAgeSeconds: -1 }), /greater than or equal to 0/],
  [
    'CORS with 101 rules',
    { cors: Array.from({ length: 101 }, () => ({ allowedOrigins: ['*'], allowedMethods: ['GET'] })) },
    /at most 100 items/,
  ],
  ['a number for suspend', { suspend: 1 }, /must be of type boolean/],
];

const UNNAMED: [string, RegExp | undefined][] = [
  ['ab', /has 3 to 63 characters: set spec\.bucketName, or choose another metadata\.name/],
  [`${name63}a`, /has 3 to 63 characters/],
  ['10.0.0.1', /is no IPv4 address: set spec\.bucketName/],
  ['xn--abc', reserved],
  ['abc--x-s3', reserved],
  ['abc', undefined],
  [name63, undefined],
];

/** Before, after, and what the server says to the change. */
const CHANGES: [string, object, object, RegExp | undefined][] = [
  [
    'a changed bucket name',
    { bucketName: 'abc' },
    { bucketName: 'abd' },
    /bucketName cannot be changed, added or taken/,
  ],
  ['an added bucket name', {}, { bucketName: 'abc' }, /spec\.bucketName.*delete this S3Bucket and create it anew/],
  ['a bucket name taken out', { bucketName: 'abc' }, {}, /bucketName cannot be changed/],
  ['a changed path', { path: '/a' }, { path: '/b' }, /spec\.path.*path cannot be changed, added or taken out/],
  ['an added path', {}, { path: '/a' }, /its data stays where reclaimPolicy is Retain/],
  ['a path taken out', { path: '/a' }, {}, /path cannot be changed/],
  [
    'a changed Secret',
    { credentials: { secretName: 'a' } },
    { credentials: { secretName: 'b' } },
    /spec\.credentials\.secretName.*secretName cannot be changed, added or taken out/,
  ],
  ['an added Secret', {}, { credentials: { secretName: 'a' } }, /secretName cannot be changed/],
  ['a Secret taken out', { credentials: { secretName: 'a' } }, { credentials: {} }, /secretName cannot be changed/],
  ['credentials taken out', { credentials: { secretName: 'a' } }, {}, /secretName cannot be changed/],
  [
    'everything that may change',
    { bucketName: 'abc', path: '/a', credentials: { secretName: 'a' } },
    {
      bucketName: 'abc',
      path: '/a',
      pathPolicy: 'MustExist',
      accessMode: 'ReadOnly',
      anonymous: 'Read',
      reclaimPolicy: 'Delete',
      quota: { maxSize: '1Gi' },
      credentials: { secretName: 'a', ...existing, formats: ['OBC'], rotationRequest: 'now' },
      suspend: true,
    },
    undefined,
  ],
];

describe.skipIf(NO_KUBE_API_SERVER)('the S3Bucket CRD in a real API server (needs KUBEBUILDER_ASSETS)', () => {
  let api: KubeApiServer;
  let serial = 0;

  beforeAll(async () => {
    api = await startKubeApiServer();
    await api.kubectl(['apply', '--server-side', '-f', CRD]);
    await api.kubectl(['wait', '--for=condition=Established', 'crd/s3buckets.bucketway.dev']);
  });

  afterAll(() => api?.stop());

  const write = (spec: unknown, name = `bucket-${++serial}`): Promise<Written> => {
    const metadata = { name, namespace: 'default' };
    return api.client.create(S3_BUCKETS, { metadata, ...(spec !== undefined && { spec }) }, { fieldManager: 'test' });
  };
  const patchStatus = (name: string, status: unknown): Promise<Written> =>
    api.client.patch(S3_BUCKETS, { name, namespace: 'default' }, { status }, { type: 'merge', subresource: 'status' });

  it('has no rule that the server warns about', async () => {
    const conditions = await api.kubectl(['get', 'crd', 's3buckets.bucketway.dev', '-ojsonpath={.status.conditions}']);
    expect(JSON.parse(conditions)).not.toContainEqual(expect.objectContaining({ type: 'NonStructuralSchema' }));
    expect(JSON.parse(conditions)).not.toContainEqual(expect.objectContaining({ status: 'False' }));
  });

  it.each([undefined, {}, { credentials: {} }])('fills in the defaults of %j', async (spec) => {
    expect((await write(spec)).spec).toEqual({
      pathPolicy: 'CreateIfMissing',
      accessMode: 'ReadWrite',
      anonymous: 'None',
      reclaimPolicy: 'Retain',
      credentials: { mode: 'Managed', formats: ['AWS'] },
      suspend: false,
    });
  });

  it.each(LEGAL)('accepts %s', async (_, spec) => {
    await expect(write(spec)).resolves.toMatchObject({ kind: 'S3Bucket', ...(spec !== undefined && { spec }) });
  });

  it.each(ILLEGAL)('refuses %s: %j', async (_, spec, message) => {
    await expect(write(spec)).rejects.toMatchObject({ status: 422, message: expect.stringMatching(message) });
  });

  // As kubectl asks. Nothing that other operators have may be accepted and then ignored.
  it.each([
    ['sharedWith', []],
    ['deletionPolicy', 'Delete'],
    ['bucketClassName', 'fast'],
  ])('does not know spec.%s, and says so', async (field, value) => {
    const metadata = { name: `bucket-${++serial}`, namespace: 'default' };
    const object = { apiVersion: 'bucketway.dev/v1alpha1', kind: 'S3Bucket', metadata, spec: { [field]: value } };
    const applied = api.kubectl(['apply', '-f', '-'], JSON.stringify(object));
    await expect(applied).rejects.toThrow(`unknown field "spec.${field}"`);
  });

  it.each(UNNAMED)('as name of an S3Bucket without bucketName, %s: %s', async (name, message) => {
    if (message === undefined) await expect(write({}, name)).resolves.toBeDefined();
    else await expect(write({}, name)).rejects.toThrow(message);
    if (message !== undefined) await expect(write({ bucketName: 'legal' }, name)).resolves.toBeDefined();
  });

  it('has room for the default name of the Secret', async () => {
    const long = `${'a'.repeat(60)}.`.repeat(4).slice(0, 243) + '.abcdefg';
    expect(long).toHaveLength(251);
    const message = /at most 253 characters: set spec\.credentials\.secretName/;
    await expect(write({ bucketName: 'legal' }, long)).rejects.toThrow(message);
    await expect(write({ bucketName: 'legal', credentials: { secretName: 'a' } }, long)).resolves.toBeDefined();
    await expect(write({ bucketName: 'legal', credentials: { mode: 'None' } }, `${long}a`)).resolves.toBeDefined();
    await expect(write({ bucketName: 'legal' }, long.slice(0, 250))).resolves.toBeDefined();
  });

  it.each(CHANGES)('to %s says what to do instead, if anything', async (_, before, after, message) => {
    const { metadata } = await write(before);
    const changed = api.client.replace(S3_BUCKETS, { metadata, spec: after });
    if (message === undefined) await expect(changed).resolves.toMatchObject({ spec: after });
    else await expect(changed).rejects.toMatchObject({ status: 422, message: expect.stringMatching(message) });
  });

  describe('its status', () => {
    const condition = {
      type: 'Ready',
      status: 'True',
      observedGeneration: 1,
      lastTransitionTime: '2026-11-22T10:00:00Z',
      reason: 'Ready',
      message: 'A client can use the bucket now.',
    } as const;
    const status: S3Bucket['status'] = {
      observedGeneration: 1,
      bucketName: 'photos',
      path: '/team-a/photos',
      endpoint: { url: 'http://bucketway.storage.svc:9000', region: 'us-east-1', addressingStyle: 'path' },
      binding: { name: 'photos-s3' },
      credentials: {
        accessKeyId: 'BW7Q',
        createdAt: '2026-11-22T10:00:00Z',
        nextRotationTime: '2026-12-22T10:00:00Z',
        observedRotationRequest: 'now',
        rotationPhase: 'Overlap',
        keys: [
          { accessKeyId: 'BW7Q', state: 'Active', createdAt: '2026-11-22T10:00:00Z' },
          {
            accessKeyId: 'BW7P',
            state: 'Retiring',
            retireAt: '2026-11-23T10:00:00Z',
            lastUsedTime: '2026-11-22T09:00:00Z',
          },
        ],
      },
      programmed: { revision: 42, hash: 'sha256:0', gateways: '3/3', time: '2026-11-22T10:00:00Z', latencyMs: 412 },
      usage: { size: '1.2Gi', objects: 17, observedAt: '2026-11-22T10:00:00Z', approximate: true },
      conditions: [condition],
    };

    it('keeps every field, and the spec cannot set it', async () => {
      const { metadata } = await write({});
      await expect(patchStatus(metadata.name, status)).resolves.toMatchObject({ status });
      const replaced = await api.client.get(S3_BUCKETS, metadata);
      await expect(api.client.replace(S3_BUCKETS, { ...replaced, status: {} } as Written)).resolves.toMatchObject({
        status,
      });
    });

    it('has the mode of a quota filled in', async () => {
      await expect(write({ quota: { maxObjects: 1 } })).resolves.toMatchObject({
        spec: { quota: { mode: 'Enforce' } },
      });
    });

    it('is shown by kubectl under the short name and the category', async () => {
      const { metadata } = await write({ bucketName: 'photos' }, 'shown');
      await patchStatus(metadata.name, status);
      const lines = (await api.kubectl(['get', 's3b', 'shown'])).trim().split('\n');
      expect(lines[0]?.split(/\s+/)).toEqual(['NAME', 'BUCKET', 'PATH', 'MODE', 'READY', 'REASON', 'SECRET', 'AGE']);
      expect(lines[1]).toMatch(/^shown +photos +\/team-a\/photos +ReadWrite +True +Ready +photos-s3 +\d+s$/);
      const wide = await api.kubectl(['get', 'bucketway', '--field-selector=metadata.name=shown', '-owide']);
      expect(wide).toMatch(
        /USED +GATEWAYS +KEYAGE +MESSAGE +AGE\n.* 1\.2Gi +3\/3 .* A client can use the bucket now\. /,
      );
    });

    it('never changes its bucket name', async () => {
      const { metadata } = await write({});
      const message = /status\.bucketName cannot change once it is set/;
      await patchStatus(metadata.name, { path: '/a' });
      await patchStatus(metadata.name, { bucketName: 'photos' });
      await expect(patchStatus(metadata.name, { bucketName: 'videos' })).rejects.toThrow(message);
      await expect(patchStatus(metadata.name, { bucketName: null })).rejects.toThrow(message);
      await expect(patchStatus(metadata.name, null)).rejects.toThrow(message);
      await expect(patchStatus(metadata.name, { bucketName: 'photos', path: '/b' })).resolves.toBeDefined();
    });

    it.each([
      [{ conditions: [condition, condition] }, /Duplicate value/],
      [{ conditions: [{ ...condition, status: 'Maybe' }] }, /supported values: "True", "False", "Unknown"/],
      [{ conditions: [{ ...condition, reason: 'no reason' }] }, /reason/],
      [{ conditions: [{ ...condition, lastTransitionTime: 'now' }] }, /date-time/],
      [{ credentials: { rotationPhase: 'Done' } }, /supported values: "Idle"/],
      [{ credentials: { keys: [{ accessKeyId: 'a', state: 'Old' }] } }, /supported values: "Pending"/],
      [{ credentials: { keys: [{ state: 'Active' }] } }, /accessKeyId/],
      [{ endpoint: { url: 'http://a' } }, /region: Required value/],
      [{ binding: {} }, /name: Required value/],
    ])('refuses %j', async (wrong, message) => {
      const { metadata } = await write({});
      await expect(patchStatus(metadata.name, wrong)).rejects.toThrow(message);
    });
  });

  it('is explained by kubectl down to each field', async () => {
    const text = await api.kubectl(['explain', 's3bucket.spec', '--recursive']);
    expect(text).toMatch(/bucketName\s+<string>/);
    expect(await api.kubectl(['explain', 's3bucket.spec.path'])).toMatch(/Where its objects lie in the tree/);
  });
});
