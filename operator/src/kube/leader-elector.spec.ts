import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.js';
import type { Lease } from './core-objects.js';
import type { KubeClient } from './kube-client.js';
import { KubeError } from './kube-error.js';
import { LeaderElector, type LeaderElectorOptions, NotLeadingError } from './leader-elector.js';

const call = { verb: 'update', resource: 'leases', target: 'ns/lock' };

/** One Lease with compare-and-swap; electors of several processes with clocks of their own share it. */
class LeaseServer {
  lease: Lease | undefined;
  readonly writes: Lease[] = [];
  /** Answers of one elector are lost, come three seconds after the call was done, or never. */
  fault: ((identity: string) => 'ok' | 'slow' | 'fail' | 'hang') | undefined;
  private version = 0;

  clientOf(identity: string, clock: ManualClock): KubeClient {
    const reach = async (timeoutMs = 30_000): Promise<void> => {
      const fault = this.fault?.(identity) ?? 'ok';
      if (fault === 'ok' || fault === 'slow') return;
      if (fault === 'hang') await new Promise<void>((resolve) => void clock.setTimeout(resolve, timeoutMs));
      throw new KubeError(call, { status: 0, reason: fault === 'hang' ? 'Timeout' : 'ConnectionFailed' });
    };
    return {
      get: async (_: unknown, __: unknown, options: { timeoutMs: number }) => {
        await reach(options.timeoutMs);
        return structuredClone(this.lease);
      },
      create: async (_: unknown, lease: Lease, options: { timeoutMs: number }) => {
        await reach(options.timeoutMs);
        if (this.lease) throw new KubeError(call, { status: 409, reason: 'AlreadyExists' });
        return this.write(lease);
      },
      replace: async (_: unknown, lease: Lease, options: { timeoutMs: number }) => {
        await reach(options.timeoutMs);
        if (!this.lease) throw new KubeError(call, { status: 404, reason: 'NotFound' });
        if (this.lease.metadata.resourceVersion !== lease.metadata.resourceVersion) {
          throw new KubeError(call, { status: 409, reason: 'Conflict' });
        }
        const written = this.write(lease);
        if (this.fault?.(identity) === 'slow')
          await new Promise<void>((resolve) => void clock.setTimeout(resolve, 3000));
        return written;
      },
    } as unknown as KubeClient;
  }

  private write(lease: Lease): Lease {
    this.lease = { ...lease, metadata: { ...lease.metadata, resourceVersion: String(++this.version) } };
    this.writes.push(this.lease);
    return structuredClone(this.lease);
  }
}

interface Replica {
  readonly elector: LeaderElector;
  readonly log: string[];
  readonly running: Promise<void>;
}

function join(
  server: LeaseServer,
  identity: string,
  clock: ManualClock,
  { work, ...options }: Partial<LeaderElectorOptions> & { work?: (signal: AbortSignal) => Promise<void> } = {},
): Replica {
  const client = server.clientOf(identity, clock);
  const elector = new LeaderElector(client, {
    namespace: 'ns',
    name: 'lock',
    identity,
    clock,
    random: () => 0,
    ...options,
  });
  const log: string[] = [];
  const running = elector.run({
    onStarted: (signal) => {
      log.push(`started ${clock.now()}`);
      signal.addEventListener('abort', () => log.push(`aborted ${clock.now()}`));
      return work?.(signal);
    },
    onStopped: (reason) => log.push(`${reason} ${clock.now()}`),
  });
  return { elector, log, running };
}

describe('LeaderElector', () => {
  it('takes a Lease that is not there, with six digits of a second, and renews it', async () => {
    const [server, clock] = [new LeaseServer(), new ManualClock()];
    const { elector, log } = join(server, 'a', clock);
    await clock.advance(4000);
    expect(log).toEqual(['started 0']);
    expect(elector.leading).toBe(true);
    expect(server.writes.map(({ spec }) => spec?.renewTime)).toEqual([
      '2026-01-01T00:00:00.000000Z',
      '2026-01-01T00:00:02.000000Z',
      '2026-01-01T00:00:04.000000Z',
    ]);
    expect(server.lease?.spec).toMatchObject({
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      acquireTime: '2026-01-01T00:00:00.000000Z',
      leaseTransitions: 0,
    });
    await elector.stop();
  });

  it('takes over a Lease that it saw unchanged for its whole duration, whatever the times in it', async () => {
    const [server, clock] = [new LeaseServer(), new ManualClock()];
    const spec = { holderIdentity: 'gone', leaseDurationSeconds: 30, renewTime: '2020-01-01T00:00:00.000000Z' };
    server.lease = { metadata: { namespace: 'ns', name: 'lock', resourceVersion: 'x' }, spec };
    const { elector, log } = join(server, 'a', clock);
    await clock.advance(29_000);
    expect(log).toEqual([]);
    await clock.advance(3000);
    expect(log).toEqual(['started 30000']);
    expect(server.lease.spec?.leaseTransitions).toBe(1);
    await elector.stop();
  });

  it('never takes a Lease that is renewed, though its times lie in the past', async () => {
    const server = new LeaseServer();
    const [clock, slow] = [new ManualClock(), new ManualClock(new Date('2001-01-01T00:00:00Z'))];
    const leader = join(server, 'slow', slow);
    await slow.advance(0);
    const follower = join(server, 'a', clock);
    for (let i = 0; i < 60; i++) {
      await slow.advance(1000);
      await clock.advance(1000);
    }
    expect(follower.log).toEqual([]);
    expect(leader.elector.leading).toBe(true);
    await Promise.all([leader.elector.stop(), follower.elector.stop()]);
  });

  it('hands over within the retry period when it stops, after its work has ended', async () => {
    const [server, clock] = [new LeaseServer(), new ManualClock()];
    const work = (signal: AbortSignal): Promise<void> =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => void clock.setTimeout(resolve, 5000));
      });
    const first = join(server, 'a', clock, { work });
    await clock.advance(0);
    const second = join(server, 'b', clock);
    await clock.advance(10_000);
    const stopping = first.elector.stop();
    await clock.advance(4999);
    expect(first.log).toEqual(['started 0', 'aborted 10000']);
    expect(server.lease?.spec?.holderIdentity).toBe('a');
    await clock.advance(3001);
    await stopping;
    expect(first.log.at(-1)).toBe('stopped 15000');
    expect(second.log).toEqual([expect.stringMatching(/^started 1[56]\d{3}$/)]);
    await second.elector.stop();
    expect(server.lease?.spec).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1 });
  });

  it('is lost when it cannot renew in time, before another may take it', async () => {
    const server = new LeaseServer();
    const clock = new ManualClock();
    const first = join(server, 'a', clock);
    await clock.advance(0);
    const second = join(server, 'b', clock);
    await clock.advance(4000);
    server.fault = (identity) => (identity === 'a' ? 'fail' : 'ok');
    await clock.advance(9999);
    expect(first.elector.leading).toBe(true);
    await clock.advance(1);
    expect(first.log).toEqual(['started 0', 'aborted 14000', 'lost 14000']);
    expect(() => first.elector.assertLeading()).toThrow(NotLeadingError);
    await first.running;
    expect(second.log).toEqual([]);
    await clock.advance(6000);
    expect(second.log).toEqual([expect.stringMatching(/^started (19|20)\d{3}$/)]);
    await second.elector.stop();
  });

  it('counts from when a renewal was sent, since that is when others saw it', async () => {
    const [server, clock] = [new LeaseServer(), new ManualClock()];
    const { elector, log } = join(server, 'a', clock);
    await clock.advance(0);
    server.fault = () => 'slow';
    await clock.advance(5000);
    server.fault = () => 'fail';
    await clock.advance(10_000);
    expect(log.at(-1)).toBe('lost 12000');
    await elector.stop();
  });

  it('is lost in time though the last call hangs', async () => {
    const [server, clock] = [new LeaseServer(), new ManualClock()];
    const { log, running } = join(server, 'a', clock);
    await clock.advance(0);
    server.fault = () => 'hang';
    await clock.advance(10_000);
    await running;
    expect(log.at(-1)).toBe('lost 10000');
  });

  it('may not write after a pause, even before any timer has told it so, and never renews then', async () => {
    const [server, clock] = [new LeaseServer(), new ManualClock()];
    const { elector, log, running } = join(server, 'a', clock);
    await clock.advance(2000);
    elector.assertLeading();
    clock.jump(10_000);
    expect(elector.leading).toBe(false);
    expect(() => elector.assertLeading()).toThrow(NotLeadingError);
    const writes = server.writes.length;
    await clock.advance(1);
    await running;
    expect(server.writes).toHaveLength(writes);
    expect(log.at(-1)).toMatch(/^lost/);
  });

  it('is lost at once when another has the Lease', async () => {
    const [server, clock] = [new LeaseServer(), new ManualClock()];
    const { log, running } = join(server, 'a', clock);
    await clock.advance(0);
    const spec = { holderIdentity: 'thief', leaseDurationSeconds: 15 };
    server.lease = { metadata: { namespace: 'ns', name: 'lock', resourceVersion: 'stolen' }, spec };
    await clock.advance(2000);
    await running;
    expect(log.at(-1)).toBe('lost 2000');
    expect(server.lease.spec?.holderIdentity).toBe('thief');
  });

  it('goes on when somebody annotates the Lease, or deletes it', async () => {
    const [server, clock] = [new LeaseServer(), new ManualClock()];
    const { elector, log } = join(server, 'a', clock);
    await clock.advance(0);
    server.lease = { ...server.lease, metadata: { namespace: 'ns', name: 'lock', resourceVersion: 'annotated' } };
    await clock.advance(4000);
    server.lease = undefined;
    await clock.advance(6000);
    expect(log).toEqual(['started 0']);
    expect(elector.leading).toBe(true);
    await elector.stop();
  });

  it('lets one of many lead at a time, through stops and failures', async () => {
    const [server, clock] = [new LeaseServer(), new ManualClock()];
    let fail: string | undefined;
    server.fault = (identity) => (identity === fail ? 'fail' : 'ok');
    const replicas = ['a', 'b', 'c'].map((identity) => join(server, identity, clock));
    const leaders = (): number => replicas.filter(({ elector }) => elector.leading).length;
    for (let second = 0; second < 60; second++) {
      await clock.advance(1000);
      expect(leaders()).toBeLessThanOrEqual(1);
      if (second === 10) fail = server.lease?.spec?.holderIdentity;
      if (second === 40) void replicas.find(({ elector }) => elector.leading)?.elector.stop();
    }
    expect(leaders()).toBe(1);
    expect(replicas.flatMap(({ log }) => log.filter((line) => line.startsWith('started')))).toHaveLength(3);
    await Promise.all(replicas.map(({ elector }) => elector.stop()));
  });

  it('stops while it waits, without having led', async () => {
    const [server, clock] = [new LeaseServer(), new ManualClock()];
    const leader = join(server, 'a', clock);
    await clock.advance(0);
    const { elector, log } = join(server, 'b', clock);
    await clock.advance(3000);
    await elector.stop();
    expect(log).toEqual([]);
    await leader.elector.stop();
  });

  it.each([[{ leaseDurationMs: 10_000, renewDeadlineMs: 10_000 }], [{ renewDeadlineMs: 2000, retryPeriodMs: 2000 }]])(
    'refuses times that cannot work: %j',
    (options) => {
      expect(() => join(new LeaseServer(), 'a', new ManualClock(), options)).toThrow('leaseDuration > renewDeadline');
    },
  );
});
