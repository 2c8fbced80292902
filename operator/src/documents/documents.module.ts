import { Module } from '@nestjs/common';
import { OperatorConfiguration } from '../config/operator-configuration.js';
import type { Clock } from '../kube/clock.js';
import { KubeClient } from '../kube/kube-client.js';
import { KubeModule } from '../kube/kube.module.js';
import { CLOCK } from '../kube/kube.tokens.js';
import { LeaderElector } from '../kube/leader-elector.js';
import { DocumentEvents } from './document-events.js';
import { DocumentPublisher } from './document-publisher.js';

/** Under load, changes of a document gather for this long, in milliseconds: every version costs gateways and kubelets too. */
const BUSY_WINDOW_MS = 100;
/** Of each document: a few changes at once, and then, while changes go on and on, what costs little however large it is. */
const PACE = { burst: 6, perSecond: 0.5, bytesPerSecond: 50_000 };

/** The ConfigMaps and Secrets that gateways mount. */
@Module({
  imports: [KubeModule],
  providers: [
    DocumentEvents,
    {
      provide: DocumentPublisher,
      useFactory: (
        client: KubeClient,
        elector: LeaderElector,
        { namespace, documents, massDeletion, leaderElection }: OperatorConfiguration,
        clock: Clock,
        events: DocumentEvents,
      ) =>
        new DocumentPublisher({
          api: client,
          namespace,
          prefix: documents.name,
          shards: documents.shards,
          busyWindowMs: BUSY_WINDOW_MS,
          pace: PACE,
          clock,
          removals: {
            holdMs: massDeletion.holdSeconds * 1000,
            minimumBuckets: massDeletion.minimumBuckets,
            percent: massDeletion.percent,
          },
          ...(leaderElection.enabled && { assertLeading: () => elector.assertLeading() }),
          events,
        }),
      inject: [KubeClient, LeaderElector, OperatorConfiguration, CLOCK, DocumentEvents],
    },
  ],
  exports: [DocumentEvents, DocumentPublisher],
})
export class DocumentsModule {}
