import { Logger, Module } from '@nestjs/common';
import { OperatorConfiguration } from '../config/operator-configuration.js';
import type { Clock } from '../kube/clock.js';
import { KubeClient } from '../kube/kube-client.js';
import { KubeModule } from '../kube/kube.module.js';
import { CLOCK } from '../kube/kube.tokens.js';
import { BucketClient } from './bucket-client.js';
import { BucketProbe } from './bucket-probe.js';
import { GatewayFleet } from './gateway-fleet.js';
import { GatewayMonitor } from './gateway-monitor.js';
import { GatewayNudger } from './gateway-nudger.js';
import { SignedRequests } from './signed-requests.js';

const LOG = new Logger('gateways');

/** The pods that serve S3. */
@Module({
  imports: [KubeModule],
  providers: [
    {
      provide: GatewayMonitor,
      useFactory: ({ gateways }: OperatorConfiguration, clock: Clock) => new GatewayMonitor(gateways.adminPort, clock),
      inject: [OperatorConfiguration, CLOCK],
    },
    {
      provide: GatewayNudger,
      useFactory: (client: KubeClient, { namespace }: OperatorConfiguration, monitor: GatewayMonitor, clock: Clock) =>
        new GatewayNudger(client, namespace, monitor, clock, (pod, error) =>
          LOG.warn(`pod ${pod} is not nudged: ${String(error)}`),
        ),
      inject: [KubeClient, OperatorConfiguration, GatewayMonitor, CLOCK],
    },
    {
      provide: SignedRequests,
      useFactory: ({ gateways: { s3Port: port, tls }, region }: OperatorConfiguration) =>
        new SignedRequests({ port, tls, region }),
      inject: [OperatorConfiguration],
    },
    {
      provide: BucketProbe,
      useFactory: (requests: SignedRequests) => new BucketProbe(requests),
      inject: [SignedRequests],
    },
    {
      provide: BucketClient,
      useFactory: (requests: SignedRequests) => new BucketClient(requests),
      inject: [SignedRequests],
    },
    GatewayFleet,
  ],
  exports: [GatewayFleet],
})
export class GatewaysModule {}
