import { describe, expect, it } from 'vitest';
import type { EffectiveBucket, EffectiveQuota } from '../policy/decision.js';
import { toMappedBucket } from './to-mapped-bucket.js';

const OWNER = { namespace: 'team', name: 'photos', uid: 'u' };

function quotaOf(quota: EffectiveQuota): unknown {
  const bucket = { bucketName: 'photos', path: '/a', accessMode: 'ReadWrite', anonymous: 'None', cors: [], quota };
  return toMappedBucket(bucket as unknown as EffectiveBucket, OWNER, ['BW7Q']).quota;
}

describe('toMappedBucket', () => {
  it.each<[string, EffectiveQuota, unknown]>([
    ['no limit', { mode: 'Enforce' }, undefined],
    [
      'limits, as gateways of before read them',
      { maxBytes: 5, maxObjects: 2, mode: 'Enforce' },
      { maxBytes: 5, maxObjects: 2 },
    ],
    ['limits that are only reported', { maxBytes: 5, mode: 'Report' }, { maxBytes: 5, mode: 'report' }],
    ['no limit, and a wish to know', { mode: 'Report' }, { mode: 'report' }],
  ])('tells gateways of a quota with %s', (_, quota, expected) => {
    expect(quotaOf(quota)).toEqual(expected);
  });
});
