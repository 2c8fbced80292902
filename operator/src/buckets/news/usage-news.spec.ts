import type { S3Bucket, S3BucketStatus } from '@bucketway/contract';
import { beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.js';
import type { ClusterCache } from '../../cluster/cluster-cache.js';
import type { GatewayFleet } from '../../gateways/gateway-fleet.js';
import { NO_USAGE } from '../../gateways/usage-report.js';
import type { ReportedUsage, UsageReport } from '../../gateways/usage-report.js';
import type { BucketQueue } from '../bucket-queue.js';
import { UsageNews } from './usage-news.js';

const AT = '2026-01-01T10:00:00Z';

function bucket(name: string, status: S3BucketStatus = {}): S3Bucket {
  return {
    metadata: { namespace: 'team', name, uid: name },
    spec: {},
    status: { bucketName: name, ...status },
  } as S3Bucket;
}

function usage(change: Partial<ReportedUsage> = {}): ReportedUsage {
  return { size: 10, objects: 1, observedAt: Date.parse(AT), approximate: false, exceeded: false, ...change };
}

describe('UsageNews', () => {
  let buckets: S3Bucket[];
  let report: UsageReport;
  let queued: string[];
  let asked: number;
  let clock: ManualClock;
  let news: UsageNews;
  beforeEach(() => {
    buckets = [];
    report = NO_USAGE;
    queued = [];
    asked = 0;
    clock = new ManualClock();
    const cache = { s3Buckets: { values: () => buckets.values() } } as unknown as ClusterCache;
    const fleet = { usage: () => Promise.resolve((asked++, report)) } as unknown as GatewayFleet;
    const queue = { add: (key: string) => void queued.push(key) } as BucketQueue;
    news = new UsageNews(cache, fleet, queue, clock, { usageIntervalSeconds: 60 });
  });

  it('asks at once, and then once a minute until it is told to stop', async () => {
    news.follow();
    await clock.advance(59_000);
    expect(asked).toBe(1);
    await clock.advance(121_000);
    expect(asked).toBe(4);
    news.stop();
    await clock.advance(600_000);
    expect(asked).toBe(4);
  });

  it('brings passes to those of which there is news, and tells them', async () => {
    const said = { size: '10', objects: 1, observedAt: AT, approximate: false };
    buckets = [
      bucket('new'),
      bucket('same', { usage: said }),
      bucket('grown', { usage: { ...said, objects: 5 } }),
      bucket('without'),
      { ...bucket('paused'), spec: { suspend: true } },
    ];
    report = { buckets: new Map(['new', 'same', 'grown', 'paused'].map((name) => [name, usage()])), keys: new Map() };
    news.follow();
    await clock.advance(1);
    expect(queued.toSorted()).toEqual(['team/grown', 'team/new']);
    expect(news.useOf('new').usage).toEqual(usage());
    expect(news.useOf('without').usage).toBeUndefined();
  });

  it('brings passes to those whose key was used in another hour', async () => {
    const keys = [{ accessKeyId: 'A', state: 'Active' as const, lastUsedTime: '2026-01-01T10:00:00Z' }];
    buckets = [bucket('photos', { credentials: { keys } })];
    report = { buckets: new Map(), keys: new Map([['A', Date.parse('2026-01-01T10:50:00Z')]]) };
    news.follow();
    await clock.advance(1);
    expect(queued).toEqual([]);
    report = { buckets: new Map(), keys: new Map([['A', Date.parse('2026-01-01T11:00:00Z')]]) };
    await clock.advance(60_000);
    expect(queued).toEqual(['team/photos']);
  });

  it('brings a few hundred at a time, those first whose quota is exceeded', async () => {
    const names = Array.from({ length: 1000 }, (_, index) => `b${index}`);
    buckets = names.map((name) => bucket(name));
    report = { buckets: new Map(names.map((name) => [name, usage({ exceeded: name === 'b999' })])), keys: new Map() };
    news.follow();
    await clock.advance(1);
    expect(queued).toHaveLength(300);
    expect(queued[0]).toBe('team/b999');
  });
});
