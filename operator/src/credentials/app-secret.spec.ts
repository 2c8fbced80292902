import { describe, expect, it } from 'vitest';
import type { Secret } from '../kube/core-objects.js';
import {
  accessKeyIdOfSecret,
  buildAppConfigMap,
  buildAppSecret,
  judgeExistingConfigMap,
  judgeExistingSecret,
  keyPairOfSecret,
} from './app-secret.js';
import type { AppSecretInput } from './app-secret.js';

const OWNER = { apiVersion: 'bucketway.dev/v1alpha1', kind: 'S3Bucket', name: 'photos', uid: 'uid-1' };
const FACTS = {
  bucketNames: ['photos'],
  endpoint: 'http://bucketway.storage.svc:9000',
  region: 'us-east-1',
  addressingStyle: 'path',
  accessKeyId: 'BW7QABCDEFGHIJKLMNOP',
  secretAccessKey: 'a-secret-of-the-app',
} as const;
const KEY = { AWS_ACCESS_KEY_ID: FACTS.accessKeyId, AWS_SECRET_ACCESS_KEY: FACTS.secretAccessKey };

function input(change: Partial<AppSecretInput> & { readonly facts?: AppSecretInput['facts'] } = {}): AppSecretInput {
  return {
    namespace: 'team-a',
    name: 'photos-s3',
    owners: [OWNER],
    formats: new Set(['AWS']),
    facts: FACTS,
    serial: 3,
    keyCreatedAt: '2026-01-01T00:00:00.000Z',
    ...change,
  };
}

function entriesOf({ data = {} }: Secret): Record<string, string> {
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [name, Buffer.from(value, 'base64').toString('utf8')]),
  );
}

const OBC = {
  BUCKET_NAME: 'photos',
  BUCKET_HOST: 'bucketway.storage.svc',
  BUCKET_PORT: '9000',
  BUCKET_REGION: 'us-east-1',
  BUCKET_SUBREGION: '',
  BUCKET_SSL: 'false',
};

describe('the Secret for an app', () => {
  it.each([
    [
      'AWS' as const,
      {
        ...KEY,
        AWS_REGION: 'us-east-1',
        AWS_DEFAULT_REGION: 'us-east-1',
        AWS_ENDPOINT_URL: FACTS.endpoint,
        AWS_ENDPOINT_URL_S3: FACTS.endpoint,
        BUCKET_NAME: 'photos',
      },
    ],
    ['OBC' as const, { ...KEY, ...OBC }],
    [
      'COSI' as const,
      {
        COSI_PROTOCOL: 'S3',
        COSI_S3_BUCKET_ID: 'photos',
        COSI_S3_ENDPOINT: FACTS.endpoint,
        COSI_S3_REGION: 'us-east-1',
        COSI_S3_ADDRESSING_STYLE: 'path',
        COSI_S3_ACCESS_KEY_ID: FACTS.accessKeyId,
        COSI_S3_ACCESS_SECRET_KEY: FACTS.secretAccessKey,
      },
    ],
    [
      'Files' as const,
      {
        credentials: `[default]\naws_access_key_id = ${FACTS.accessKeyId}\naws_secret_access_key = ${FACTS.secretAccessKey}\n`,
        config: `[default]\nregion = us-east-1\nendpoint_url = ${FACTS.endpoint}\ns3 =\n  addressing_style = path\n`,
        'rclone.conf':
          `[bucketway]\ntype = s3\nprovider = Other\nenv_auth = false\naccess_key_id = ${FACTS.accessKeyId}\n` +
          `secret_access_key = ${FACTS.secretAccessKey}\nregion = us-east-1\nendpoint = ${FACTS.endpoint}\nforce_path_style = true\n`,
      },
    ],
    [
      'ServiceBinding' as const,
      {
        type: 's3',
        provider: 'bucketway',
        endpoint: FACTS.endpoint,
        region: 'us-east-1',
        bucket: 'photos',
        'access-key-id': FACTS.accessKeyId,
        'secret-access-key': FACTS.secretAccessKey,
      },
    ],
  ])('in the format %s', (format, entries) => {
    const secret = buildAppSecret(input({ formats: new Set([format]) }));
    expect(entriesOf(secret)).toEqual(entries);
    expect(secret.type).toBe(format === 'ServiceBinding' ? 'servicebinding.io/s3' : 'Opaque');
    expect(keyPairOfSecret(secret)).toEqual({ accessKeyId: FACTS.accessKeyId, secretAccessKey: FACTS.secretAccessKey });
  });

  it('has all formats side by side', () => {
    const all = new Set(['AWS', 'OBC', 'COSI', 'Files', 'ServiceBinding'] as const);
    expect(Object.keys(entriesOf(buildAppSecret(input({ formats: all }))))).toHaveLength(7 + 5 + 7 + 3 + 7);
  });

  it('hands the authority on', () => {
    const facts = { ...FACTS, endpoint: 'https://s3.example.com', ca: 'PEM' };
    const all = new Set(['OBC', 'COSI', 'Files', 'ServiceBinding'] as const);
    expect(entriesOf(buildAppSecret(input({ facts, formats: all })))).toMatchObject({
      BUCKET_HOST: 's3.example.com',
      BUCKET_PORT: '443',
      BUCKET_SSL: 'true',
      COSI_CERTIFICATE_AUTHORITY: 'PEM',
      'ca.crt': 'PEM',
      certificates: 'PEM',
    });
  });

  it('names every bucket of a shared key', () => {
    const facts = { ...FACTS, bucketNames: ['photos', 'logs'] };
    expect(entriesOf(buildAppSecret(input({ facts })))).toMatchObject({
      BUCKET_NAME: 'photos',
      BUCKET_NAMES: 'photos,logs',
    });
  });

  it('says whose it is and which key it holds', () => {
    const { metadata } = buildAppSecret(input());
    expect(metadata).toEqual({
      namespace: 'team-a',
      name: 'photos-s3',
      labels: { 'bucketway.dev/managed': 'true', 'app.kubernetes.io/managed-by': 'bucketway-operator' },
      annotations: {
        'bucketway.dev/rotation-serial': '3',
        'bucketway.dev/key-created': '2026-01-01T00:00:00.000Z',
        'bucketway.dev/content-hash': expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      },
      ownerReferences: [OWNER],
    });
  });

  it('has a ConfigMap beside it for apps of ObjectBucketClaims', () => {
    expect(buildAppConfigMap(input())).toBeUndefined();
    const configMap = buildAppConfigMap(input({ formats: new Set(['OBC']) }));
    expect(configMap).toMatchObject({ kind: 'ConfigMap', metadata: { name: 'photos-s3' }, data: OBC });
    expect(JSON.stringify(configMap)).not.toContain(FACTS.secretAccessKey);
    expect(judgeExistingConfigMap(configMap!, configMap)).toEqual({ action: 'keep' });
    expect(judgeExistingConfigMap(configMap!, { ...configMap!, data: {} })).toEqual({ action: 'update', edited: true });
  });
});

describe('what stands at its place', () => {
  const wanted = buildAppSecret(input());
  const live = (change: Partial<Secret>): Secret => ({ ...structuredClone(wanted), ...change });
  const { metadata } = wanted;

  it.each<[string, Secret | undefined, string]>([
    ['nothing', undefined, 'create'],
    ['the same', live({}), 'keep'],
    ['more than was asked for', live({ data: { ...wanted.data, more: 'eA==' } }), 'keep'],
    ['another key', live({ data: { ...wanted.data, AWS_ACCESS_KEY_ID: 'eA==' } }), 'update'],
    ['an entry less', live({ data: {} }), 'update'],
    ['an owner less', live({ metadata: { ...metadata, ownerReferences: [] } }), 'update'],
    ['no label any more', live({ metadata: { ...metadata, labels: {} } }), 'update'],
    ['another type', live({ type: 'kubernetes.io/basic-auth' }), 'recreate'],
    ['an edit that nobody may undo', live({ data: {}, immutable: true }), 'recreate'],
    ['a Secret of the user', live({ metadata: { namespace: 'team-a', name: 'photos-s3' } }), 'conflict'],
    [
      'a Secret that another program manages',
      live({ metadata: { ...metadata, labels: { 'bucketway.dev/managed': 'no' }, ownerReferences: [] } }),
      'conflict',
    ],
  ])('%s', (_, secret, action) => {
    expect(judgeExistingSecret(wanted, secret)).toMatchObject({ action });
  });

  it.each<[string, Secret, boolean]>([
    ['another key', live({ data: { ...wanted.data, AWS_ACCESS_KEY_ID: 'eA==' } }), true],
    ['no label any more', live({ metadata: { ...metadata, labels: {} } }), true],
    ['an edit that nobody may undo', live({ data: {}, immutable: true }), true],
    ['an owner less', live({ metadata: { ...metadata, ownerReferences: [] } }), false],
    ['the key before this one', buildAppSecret(input({ facts: { ...FACTS, accessKeyId: 'BW7QBEFORE' } })), false],
    ['other formats', buildAppSecret(input({ formats: new Set(['ServiceBinding']) })), false],
  ])('was edited by somebody or not: %s', (_, secret, edited) => {
    expect(judgeExistingSecret(wanted, secret)).toMatchObject({ edited });
  });

  it('of the user is named, with what to do', () => {
    const verdict = judgeExistingSecret(wanted, { metadata: { name: 'photos-s3' } });
    expect(verdict).toMatchObject({
      message:
        'The Secret photos-s3 exists and was not made for an S3Bucket: delete it, or choose another credentials.secretName.',
    });
  });

  it('may hold no key', () => {
    expect(accessKeyIdOfSecret(undefined)).toBeUndefined();
    expect(accessKeyIdOfSecret({ metadata: { name: 'x' } })).toBeUndefined();
    expect(accessKeyIdOfSecret({ metadata: { name: 'x' }, data: { credentials: 'W2RlZmF1bHRd' } })).toBeUndefined();
  });
});
