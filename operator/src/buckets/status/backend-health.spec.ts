import { beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.js';
import type { PublishedRevision } from '../../documents/published-revision.js';
import type { ProbeResult } from '../../gateways/bucket-probe.js';
import type { GatewayFleet } from '../../gateways/gateway-fleet.js';
import type { PolicyAcceptance } from '../../policy/decision.js';
import { BucketMemory } from '../bucket-memory.js';
import type { BucketQueue } from '../bucket-queue.js';
import type { Verdict } from '../verdict.js';
import { BackendHealth } from './backend-health.js';

const MINUTES = 60_000;
const GRANTED = { bucketName: 'photos', path: '/team/photos', anonymous: 'Read' } as PolicyAcceptance;
const SINCE: PublishedRevision = { kind: 'mappings', shard: 0, revision: 1, hash: 'x' };
const REFUSED: ProbeResult = { usable: false, fault: 'storage', message: 'no permission' };

describe('BackendHealth', () => {
  let clock: ManualClock;
  let answer: ProbeResult;
  let pods: string[];
  let asked: number;
  let queued: number;
  let health: BackendHealth;
  beforeEach(() => {
    clock = new ManualClock();
    answer = { usable: true };
    pods = ['gateway-0'];
    asked = queued = 0;
    const fleet = {
      reports: () => [],
      readyPods: () => pods,
      probe: { ask: () => Promise.resolve((asked++, answer)) },
    } as unknown as GatewayFleet;
    const queue = { add: () => void queued++ } as unknown as BucketQueue;
    health = new BackendHealth(fleet, new BucketMemory(clock), queue);
  });

  const judge = (known?: Verdict): string => health.judge('team/photos', GRANTED, SINCE, undefined, known).status;

  it('tries a change once, and what is usable seldom from then on', async () => {
    expect(judge()).toBe('Unknown');
    await clock.advance(0);
    expect(judge()).toBe('True');
    await clock.advance(4 * MINUTES);
    expect([judge(), asked]).toEqual(['True', 1]);
    expect(health.relookMs('team/photos')).toBeLessThanOrEqual(6 * MINUTES);

    answer = REFUSED;
    await clock.advance(6 * MINUTES);
    expect(judge()).toBe('True');
    expect(health.relookMs('team/photos')).toBeUndefined();
    await clock.advance(0);
    expect([judge(), asked, queued]).toEqual(['False', 2, 2]);
  });

  it('tries what is not usable every few seconds', async () => {
    answer = REFUSED;
    judge();
    await clock.advance(0);
    expect(judge()).toBe('False');
    answer = { usable: true };
    await clock.advance(5000);
    judge();
    await clock.advance(0);
    expect([judge(), asked]).toEqual(['True', 2]);
  });

  it('believes what was known before it began, for a while', async () => {
    const known = { status: 'True', reason: 'PathReachable', message: 'as before' } as const;
    expect([judge(known), asked]).toEqual(['True', 0]);
    answer = REFUSED;
    await clock.advance(10 * MINUTES);
    judge(known);
    await clock.advance(0);
    expect(judge(known)).toBe('False');
  });

  it('asks nobody again at once where no gateway was there to be asked', async () => {
    judge();
    await clock.advance(0);
    pods = [];
    await clock.advance(10 * MINUTES);
    expect(judge()).toBe('True');
    await clock.advance(0);
    expect(judge()).toBe('True');
    expect(health.relookMs('team/photos')).toBeGreaterThan(4 * MINUTES);
  });
});
