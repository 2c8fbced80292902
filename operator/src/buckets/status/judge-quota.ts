import { formatSize } from '@bucketway/contract';
import type { S3Bucket } from '@bucketway/contract';
import type { ReportedUsage } from '../../gateways/usage-report.js';
import type { EffectiveQuota } from '../../policy/decision.js';
import type { Abnormal } from './conditions.js';
import { hasQuota } from '../to-mapped-bucket.js';
import { fails, holds } from '../verdict.js';

/** Whether a bucket is as full as it may be. Said while it is, and once that it no longer is. */
export function judgeQuota(
  { status }: Pick<S3Bucket, 'status'>,
  quota: EffectiveQuota,
  usage: ReportedUsage | undefined,
): Pick<Abnormal, 'quotaExceeded'> {
  const wasSaid = status?.conditions?.some(({ type }) => type === 'QuotaExceeded') ?? false;
  if (!hasQuota(quota)) return wasSaid ? { quotaExceeded: fails('WithinQuota', 'It has no quota any more.') } : {};
  // No gateway has said anything yet: what was said stays.
  if (usage === undefined) return {};
  if (!usage.exceeded) return wasSaid ? { quotaExceeded: fails('WithinQuota', 'There is room again.') } : {};
  const limits = limitsOf(quota);
  if (quota.mode === 'Report') {
    const message = `It holds ${limits} or more, and nothing is refused: delete objects, raise spec.quota, or set its mode to Enforce.`;
    return { quotaExceeded: holds('QuotaPassed', message) };
  }
  const message = `It may hold ${limits}, and gateways refuse what does not fit: delete objects, or raise spec.quota.`;
  return { quotaExceeded: holds('QuotaUsedUp', message) };
}

function limitsOf({ maxBytes, maxObjects }: EffectiveQuota): string {
  return [
    ...(maxBytes === undefined ? [] : [formatSize(maxBytes)]),
    ...(maxObjects === undefined ? [] : [`${maxObjects} objects`]),
  ].join(' and ');
}
