import { describe, expect, it } from 'vitest';
import type { Secret } from '../kube/core-objects.js';
import { buildAppSecret } from './app-secret.js';
import { recoverKeys } from './recover-keys.js';

function appSecret(namespace: string, accessKeyId: string, format: 'AWS' | 'Files' = 'AWS'): Secret {
  return buildAppSecret({
    namespace,
    name: 'photos-s3',
    owners: [],
    formats: new Set([format]),
    facts: {
      bucketNames: ['photos'],
      endpoint: 'http://s3:9000',
      region: 'us-east-1',
      addressingStyle: 'path',
      accessKeyId,
      secretAccessKey: `secret-in-${namespace}`,
    },
    serial: 4,
    keyCreatedAt: '2026-01-01T00:00:00.000Z',
  });
}

const NOBODY = new Map<string, ReadonlySet<string>>();

describe('keys that only apps have', () => {
  it.each(['AWS', 'Files'] as const)('come back with their serial and age, from the format %s', (format) => {
    const rings = recoverKeys([appSecret('team-a', 'BW1', format)], NOBODY);
    expect([...rings.keys()]).toEqual(['team-a/photos-s3']);
    expect(rings.get('team-a/photos-s3')).toMatchObject({
      uid: expect.stringMatching(/^[0-9a-f]{32}$/),
      serial: 4,
      keys: [
        {
          accessKeyId: 'BW1',
          secretAccessKey: 'secret-in-team-a',
          serial: 4,
          state: 'Active',
          createdAt: '2026-01-01T00:00:00.000Z',
        },
      ],
    });
  });

  it('belong to the namespace that mappings give them to, whoever else says so', () => {
    const secrets = [appSecret('team-b', 'BW1'), appSecret('team-a', 'BW1')];
    expect([...recoverKeys(secrets, new Map([['BW1', new Set(['team-a'])]])).keys()]).toEqual(['team-a/photos-s3']);
    expect(recoverKeys(secrets, NOBODY).size).toBe(0);
  });

  it('are not taken from Secrets that are not ours, or hold none', () => {
    const ours = appSecret('team-a', 'BW1');
    const foreign = { ...ours, metadata: { ...ours.metadata, labels: {} } };
    expect(
      recoverKeys([foreign, { metadata: { name: 'x', labels: { 'bucketway.dev/managed': 'true' } } }], NOBODY).size,
    ).toBe(0);
  });

  it('survive annotations that make no sense', () => {
    const good = appSecret('team-a', 'BW1');
    const annotations = { 'bucketway.dev/rotation-serial': '-1', 'bucketway.dev/key-created': 'yesterday' };
    const secret = { ...good, metadata: { ...good.metadata, annotations } };
    expect(recoverKeys([secret], NOBODY).get('team-a/photos-s3')?.keys[0]).toMatchObject({
      serial: 1,
      createdAt: '1970-01-01T00:00:00.000Z',
    });
  });
});
