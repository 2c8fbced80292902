import { describe, expect, it } from 'vitest';
import { mergeUsageReports, parseUsageReport } from './usage-report.js';

const AT = '2026-01-01T10:00:00.000Z';
const PHOTOS = { bucket: 'photos', size: 10, objects: 2, observedAt: AT, approximate: true, exceeded: false };
const KEY = { accessKeyId: 'BW7Q', lastUsedAt: AT };

describe('parseUsageReport', () => {
  it('reads buckets and keys', () => {
    const { buckets, keys } = parseUsageReport({ buckets: [{ ...PHOTOS, quota: { mode: 'enforce' } }], keys: [KEY] });
    const observedAt = Date.parse(AT);
    expect([...buckets]).toEqual([
      ['photos', { size: 10, objects: 2, observedAt, approximate: true, exceeded: false }],
    ]);
    expect([...keys]).toEqual([['BW7Q', observedAt]]);
  });

  it.each([
    [undefined],
    [{}],
    [{ buckets: [] }],
    [{ buckets: [{ ...PHOTOS, size: '10' }], keys: [] }],
    [{ buckets: [{ ...PHOTOS, observedAt: 'now' }], keys: [] }],
    [{ buckets: [], keys: [{ accessKeyId: 'BW7Q' }] }],
    [{ buckets: [null], keys: [] }],
  ])('refuses %j', (body) => {
    expect(() => parseUsageReport(body)).toThrow('/status/usage');
  });
});

describe('mergeUsageReports', () => {
  const later = '2026-01-01T10:05:00.000Z';
  const one = parseUsageReport({ buckets: [{ ...PHOTOS, exceeded: true }], keys: [{ ...KEY, lastUsedAt: later }] });
  const other = parseUsageReport({ buckets: [{ ...PHOTOS, size: 30, observedAt: later }], keys: [KEY] });

  it.each([
    ['the one after the other', [one, other]],
    ['the other way round', [other, one]],
  ])('goes by who counted last, by whoever refuses, and by the last use: %s', (_, reports) => {
    const { buckets, keys } = mergeUsageReports(reports);
    expect(buckets.get('photos')).toMatchObject({ size: 30, observedAt: Date.parse(later), exceeded: true });
    expect(keys.get('BW7Q')).toBe(Date.parse(later));
  });

  it('of nobody is empty', () => {
    expect(mergeUsageReports([])).toEqual({ buckets: new Map(), keys: new Map() });
  });
});
