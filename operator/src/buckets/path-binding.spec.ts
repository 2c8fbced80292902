import type { MappedBucket, S3Bucket } from '@bucketway/contract';
import { describe, expect, it } from 'vitest';
import { pathBinding } from './path-binding.js';
import { toTrialMapping } from './to-mapped-bucket.js';

const METADATA = { namespace: 'team', name: 'photos', uid: 'u' };
const SERVED: MappedBucket = {
  name: 'photos',
  path: '/team/photos',
  owner: METADATA,
  grants: [{ accessKeyId: 'BW7Q', mode: 'read-write' }],
  anonymous: 'read',
};

function bucket(pathPolicy: S3Bucket['spec']['pathPolicy'], status?: S3Bucket['status']): S3Bucket {
  return { metadata: METADATA, spec: { pathPolicy }, status } as S3Bucket;
}

describe('pathBinding', () => {
  it.each([
    ['another policy', bucket('CreateIfMissing'), undefined, false, 'bound'],
    ['nothing known', bucket('MustBeEmpty'), undefined, false, 'trial'],
    ['the trial being served', bucket('MustBeEmpty'), toTrialMapping(SERVED), false, 'trial'],
    ['the path found empty', bucket('MustBeEmpty'), toTrialMapping(SERVED), true, 'opening'],
    ['clients being let in', bucket('MustBeEmpty'), SERVED, false, 'opening'],
    [
      'the mapping of somebody else',
      bucket('MustBeEmpty'),
      { ...SERVED, owner: { ...METADATA, name: 'x' } },
      false,
      'trial',
    ],
    ['a status that says so', bucket('MustBeEmpty', { bucketName: 'photos' }), undefined, false, 'bound'],
    ['a status that does not', bucket('MustBeEmpty', { path: '/team/photos' }), undefined, false, 'trial'],
  ] as const)('with %s', (_, of, stored, foundEmpty, expected) => {
    expect(pathBinding(of, stored, foundEmpty)).toBe(expected);
  });
});

describe('toTrialMapping', () => {
  it('lets the key list, and nobody else do anything', () => {
    expect(toTrialMapping(SERVED)).toMatchObject({
      grants: [{ accessKeyId: 'BW7Q', mode: 'list-only' }],
      anonymous: 'none',
    });
  });
});
