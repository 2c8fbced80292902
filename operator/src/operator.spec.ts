import { describe, expect, it } from 'vitest';
import type { BucketController } from './buckets/bucket-controller.js';
import type { ClusterCache } from './cluster/cluster-cache.js';
import { OperatorConfiguration } from './config/operator-configuration.js';
import type { LeaderElector } from './kube/leader-elector.js';
import type { MetricsView } from './observability/metrics-view.js';
import { Operator } from './operator.js';

describe('Operator', () => {
  it('ends as told while it takes up its work without leader election', async () => {
    const starting = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    const calls: string[] = [];
    const controller = {
      start: async () => {
        starting.resolve();
        await started.promise;
      },
      stop: async () => void calls.push('stopped'),
    };
    const configuration = Object.assign(new OperatorConfiguration(), {
      listen: '127.0.0.1:0',
      leaderElection: { enabled: false },
    });
    const operator = new Operator(
      { start: async () => undefined } as unknown as ClusterCache,
      { stop: async () => undefined } as unknown as LeaderElector,
      controller as unknown as BucketController,
      {} as MetricsView,
      configuration,
    );
    const ran = operator.run();
    await starting.promise;
    await operator.stop();
    started.resolve();
    expect(await ran).toBe(true);
    expect(calls).toEqual(['stopped']);
    await operator.onApplicationShutdown();
  }, 10_000);
});
