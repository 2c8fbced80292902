import { describe, expect, it } from 'vitest';
import type { ReportedUsage } from '../../gateways/usage-report.js';
import { describeUsage } from './describe-usage.js';

const AT = '2026-01-01T10:00:00Z';
const GIB = 1024 ** 3;
const BEFORE = { size: '1.2Gi', objects: 1000, observedAt: AT, approximate: false };

function reported(change: Partial<ReportedUsage>): ReportedUsage {
  const observedAt = Date.parse(AT) + 60_000;
  return { size: 1.2 * GIB, objects: 1000, observedAt, approximate: true, exceeded: false, ...change };
}

describe('describeUsage', () => {
  it('says what a gateway has counted', () => {
    const size = 1.29 * GIB;
    expect(describeUsage(undefined, reported({ size }))).toEqual({
      size: '1.2Gi',
      objects: 1000,
      observedAt: '2026-01-01T10:01:00Z',
      approximate: true,
    });
  });

  it('keeps what was said where nobody says anything', () => {
    expect(describeUsage(BEFORE, undefined)).toBe(BEFORE);
    expect(describeUsage(undefined, undefined)).toBeUndefined();
  });

  it.each([
    ['the same', {}, false],
    ['half a percent more objects', { objects: 1005 }, false],
    ['more that is rounded away', { size: 1.29 * GIB }, false],
    ['a tenth more', { size: 1.3 * GIB }, true],
    ['two percent fewer objects', { objects: 980 }, true],
    ['nothing at all', { size: 0, objects: 0 }, true],
    ['the same an hour later', { observedAt: Date.parse(AT) + 3_600_000 }, false],
    ['one object more an hour later', { objects: 1001, observedAt: Date.parse(AT) + 3_600_000 }, true],
  ])('is written again only where it is noticeably another: %s', (_, change, isWritten) => {
    expect(describeUsage(BEFORE, reported(change)) !== BEFORE).toBe(isWritten);
  });

  it('is written once for a bucket that stays as it is, however its size is rounded', () => {
    const once = describeUsage(BEFORE, reported({ size: 9.99 * GIB }));
    const later = reported({ size: 9.99 * GIB, observedAt: Date.parse(AT) + 86_400_000 });
    expect(describeUsage(once, later)).toBe(once);
  });

  it('notices the first object of an empty bucket, and that an empty one stays empty', () => {
    const empty = { ...BEFORE, size: '0', objects: 0 };
    expect(describeUsage(empty, reported({ size: 0, objects: 0 }))).toBe(empty);
    expect(describeUsage(empty, reported({ size: 1, objects: 1 }))).toMatchObject({ size: '1', objects: 1 });
  });

  it('replaces what it cannot read', () => {
    expect(describeUsage({ size: 'much' }, reported({}))).toMatchObject({ size: '1.2Gi' });
  });
});
