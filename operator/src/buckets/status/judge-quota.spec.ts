import type { Condition, S3Bucket } from '@bucketway/contract';
import { describe, expect, it } from 'vitest';
import type { ReportedUsage } from '../../gateways/usage-report.js';
import type { EffectiveQuota } from '../../policy/decision.js';
import { judgeQuota } from './judge-quota.js';

const QUOTA: EffectiveQuota = { maxBytes: 500 * 1024 ** 3, maxObjects: 10, mode: 'Enforce' };
const SAID: Pick<S3Bucket, 'status'> = {
  status: { conditions: [{ type: 'QuotaExceeded', status: 'True' } as Condition] },
};
const NEVER: Pick<S3Bucket, 'status'> = {};

function usage(exceeded: boolean): ReportedUsage {
  return { size: 1, objects: 1, observedAt: 0, approximate: false, exceeded };
}

describe('judgeQuota', () => {
  it('says what is refused and what to do', () => {
    const { quotaExceeded } = judgeQuota(NEVER, QUOTA, usage(true));
    expect(quotaExceeded).toMatchObject({ status: 'True', reason: 'QuotaUsedUp' });
    expect(quotaExceeded?.message).toContain('It may hold 500Gi and 10 objects');
    expect(quotaExceeded?.message).toContain('raise spec.quota');
  });

  it('says that nothing is refused where it is only reported', () => {
    const { quotaExceeded } = judgeQuota(NEVER, { maxObjects: 10, mode: 'Report' }, usage(true));
    expect(quotaExceeded).toMatchObject({ status: 'True', reason: 'QuotaPassed' });
    expect(quotaExceeded?.message).toContain('It holds 10 objects or more');
  });

  it.each([
    ['there is room', NEVER, QUOTA, usage(false), undefined],
    ['there is room again', SAID, QUOTA, usage(false), 'WithinQuota'],
    ['the quota is gone', SAID, { mode: 'Enforce' } as const, undefined, 'WithinQuota'],
    ['there never was one', NEVER, { mode: 'Enforce' } as const, undefined, undefined],
    ['no gateway said anything yet', SAID, QUOTA, undefined, undefined],
  ])('once %s', (_, bucket, quota, reported, reason) => {
    const { quotaExceeded } = judgeQuota(bucket, quota, reported);
    expect(quotaExceeded?.reason).toBe(reason);
    if (reason !== undefined) expect(quotaExceeded?.status).toBe('False');
  });
});
