import { Injectable } from '@nestjs/common';
import { ClusterCache } from '../cluster/cluster-cache.js';
import { DocumentPublisher } from '../documents/document-publisher.js';
import { GatewayFleet } from '../gateways/gateway-fleet.js';
import { DOCUMENT_KINDS } from '../documents/document-names.js';
import { documentKey } from '../gateways/gateway-report.js';
import { LeaderElector } from '../kube/leader-elector.js';
import { OperatorMetrics } from './operator-metrics.js';

/** The metrics as they are read: gauges of what is now are filled in when somebody asks. */
@Injectable()
export class MetricsView {
  constructor(
    private readonly metrics: OperatorMetrics,
    private readonly cache: ClusterCache,
    private readonly fleet: GatewayFleet,
    private readonly publisher: DocumentPublisher,
    private readonly elector: LeaderElector,
  ) {}

  /** In the text format of Prometheus. */
  async text(): Promise<string> {
    this.metrics.leader.set(this.elector.leading ? 1 : 0);
    this.countBuckets();
    this.countGateways();
    this.readRevisions();
    return await this.metrics.registry.metrics();
  }

  private countBuckets(): void {
    const { buckets } = this.metrics;
    buckets.reset();
    for (const { status } of this.cache.s3Buckets.values()) {
      const { status: ready = 'Unknown', reason = 'Progressing' } =
        status?.conditions?.find(({ type }) => type === 'Ready') ?? {};
      buckets.inc({ ready, reason });
    }
  }

  private countGateways(): void {
    const reports = this.fleet.reports();
    const ready = reports.filter(({ pod }) => pod.ready).length;
    this.metrics.gateways.set({ state: 'ready' }, ready);
    this.metrics.gateways.set({ state: 'not-ready' }, reports.length - ready);
  }

  private readRevisions(): void {
    const ready = this.fleet.reports().filter(({ pod }) => pod.ready);
    for (const kind of DOCUMENT_KINDS) {
      for (let shard = 0; shard < this.publisher.shards; shard++) {
        const document = documentKey(kind, shard);
        this.metrics.publishedRevision.set({ document }, this.publisher.revisionOf(kind, shard));
        const lowest = Math.min(...ready.map(({ report }) => report?.documents.get(document)?.revision ?? 0));
        if (Number.isFinite(lowest)) this.metrics.acknowledgedRevision.set({ document }, lowest);
      }
    }
  }
}
