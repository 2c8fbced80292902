import { Module } from '@nestjs/common';
import { ClusterModule } from '../cluster/cluster.module.js';
import { DocumentsModule } from '../documents/documents.module.js';
import { GatewaysModule } from '../gateways/gateways.module.js';
import { KubeModule } from '../kube/kube.module.js';
import { MetricsView } from './metrics-view.js';

/** What people and Prometheus see of the operator. */
@Module({
  imports: [KubeModule, ClusterModule, DocumentsModule, GatewaysModule],
  providers: [MetricsView],
  exports: [MetricsView],
})
export class ObservabilityModule {}
