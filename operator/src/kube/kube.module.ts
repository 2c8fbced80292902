import { Injectable, Logger, Module } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { OperatorConfiguration } from '../config/operator-configuration.js';
import { ProcessIdentity } from '../config/process-identity.js';
import { OperatorMetrics } from '../observability/operator-metrics.js';
import { EventRecorder } from './event-recorder.js';
import { KubeClient } from './kube-client.js';
import { LeaderElector } from './leader-elector.js';

const LOG = new Logger('kube');

@Injectable()
class KubeConnections implements OnApplicationShutdown {
  constructor(
    private readonly client: KubeClient,
    private readonly recorder: EventRecorder,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await this.recorder.stop();
    await this.client.close(true);
  }
}

/** The API server: a client, the election of a leader, and events. */
@Module({
  providers: [
    {
      provide: KubeClient,
      useFactory: (
        { requestsPerSecond }: OperatorConfiguration,
        { kubeconfig }: ProcessIdentity,
        metrics: OperatorMetrics,
      ) =>
        KubeClient.fromConfig(kubeconfig, {
          writes: { perSecond: requestsPerSecond, burst: requestsPerSecond * 2 },
          observe: (record) => metrics.kubeRequest(record),
        }),
      inject: [OperatorConfiguration, ProcessIdentity, OperatorMetrics],
    },
    {
      provide: LeaderElector,
      useFactory: (
        client: KubeClient,
        { namespace, leaderElection }: OperatorConfiguration,
        { name, uid }: ProcessIdentity,
      ) =>
        new LeaderElector(client, {
          namespace,
          name: leaderElection.leaseName,
          identity: `${name}_${uid}`,
          onError: (error) => LOG.warn(`leader election: ${String(error)}`),
        }),
      inject: [KubeClient, OperatorConfiguration, ProcessIdentity],
    },
    {
      provide: EventRecorder,
      useFactory: (client: KubeClient, { name }: ProcessIdentity) =>
        new EventRecorder(client, { component: 'bucketway.dev/operator', instance: name }),
      inject: [KubeClient, ProcessIdentity],
    },
    KubeConnections,
  ],
  exports: [KubeClient, LeaderElector, EventRecorder],
})
export class KubeModule {}
