import { formatSize, parseSize } from '@bucketway/contract';
import type { S3BucketUsage } from '@bucketway/contract';
import type { ReportedUsage } from '../../gateways/usage-report.js';
import { toSeconds } from './conditions.js';

/** What has to change for the status to be written again: one part of this many. */
const NOTICEABLE = 100;
/** After this time, in milliseconds, any change is. */
const STALE_MS = 60 * 60_000;

/**
 * `status.usage`: the one of before, unless it is noticeably another, so that writing to a bucket does not have its status written
 * each minute.
 */
export function describeUsage(
  before: S3BucketUsage | undefined,
  reported: ReportedUsage | undefined,
): S3BucketUsage | undefined {
  if (reported === undefined || (before !== undefined && !isNoticeable(before, reported))) return before;
  const { size, objects, observedAt, approximate } = reported;
  return { size: formatSize(size), objects, observedAt: toSeconds(new Date(observedAt)), approximate };
}

function isNoticeable({ size = '', objects = -1, observedAt = '' }: S3BucketUsage, reported: ReportedUsage): boolean {
  // As it would be written: what is rounded away must not count as a change each time.
  const sizeNow = formatSize(reported.size);
  if (differs(bytesOf(size), bytesOf(sizeNow)) || differs(objects, reported.objects)) return true;
  const isSame = size === sizeNow && objects === reported.objects;
  return !isSame && !(reported.observedAt - Date.parse(observedAt) < STALE_MS);
}

function differs(before: number, now: number): boolean {
  return !(Math.abs(now - before) <= before / NOTICEABLE);
}

/** Of what `formatSize` wrote; NaN of anything else. */
function bytesOf(text: string): number {
  const [, digits = '', suffix = ''] = /^([\d.]+)(\D*)$/.exec(text) ?? [];
  return digits === '' ? NaN : Number(digits) * (parseSize(`1${suffix}`) ?? NaN);
}
