import { Injectable } from '@nestjs/common';
import type { KubeRequestRecord } from '../kube/kube-transport.js';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** From a tenth of a second to the minute that a kubelet takes by itself, in seconds. */
const PROPAGATION_BUCKETS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30, 60, 120];
const REQUEST_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const RECONCILE_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30];

/** What Prometheus reads. No label holds anything that a tenant can make up, but for nothing at all. */
@Injectable()
export class OperatorMetrics {
  readonly registry = new Registry();

  /** From the moment the operator saw a change of an S3Bucket until every gateway served it and a probe succeeded. */
  readonly propagation = this.histogram(
    'propagation_seconds',
    'From seeing a change of an S3Bucket to Ready: served by every gateway, and usable with its key',
    PROPAGATION_BUCKETS,
  );
  readonly buckets = this.gauge('buckets', 'S3Buckets by the reason of their condition Ready', ['ready', 'reason']);
  readonly gateways = this.gauge('gateways', 'Gateway pods that run', ['state']);
  readonly publishedRevision = this.gauge('published_revision', 'Revision of a document as it was stored last', [
    'document',
  ]);
  readonly acknowledgedRevision = this.gauge(
    'acknowledged_revision',
    'The lowest revision of a document that a ready gateway has in force',
    ['document'],
  );
  readonly driftReverted = this.counter('drift_reverted_total', 'Foreign changes of an object that were undone', [
    'object',
  ]);
  readonly restoresDetected = this.counter(
    'restores_detected_total',
    "Documents of which gateways served a later version than was stored: the API server's data came from a backup",
  );
  readonly claimConflicts = this.counter('claim_conflicts_total', 'Claims refused because another holds it', [
    'reason',
  ]);
  readonly retainedPaths = this.gauge('retained_paths', 'Paths where deleted S3Buckets left data');
  readonly unwatchedBuckets = this.gauge(
    'unwatched_buckets',
    'Buckets that stay served though watchNamespaces does not name their namespace any more',
  );
  readonly rotations = this.counter('key_rotations_total', 'Rotations of keys that were completed', ['trigger']);
  readonly massDeletionHeld = this.gauge('mass_deletion_held', '1 while a removal of many buckets is held');
  readonly leader = this.gauge('leader', '1 where this replica leads');
  readonly workqueueDepth = this.gauge('workqueue_depth', 'Keys that wait for a pass', ['queue']);
  readonly reconciles = this.counter('reconcile_total', 'Passes over an S3Bucket', ['result']);
  readonly reconcileSeconds = this.histogram('reconcile_seconds', 'Time of a pass over an S3Bucket', RECONCILE_BUCKETS);
  readonly kubeRequests = this.counter('kube_requests_total', 'Requests to the API server', [
    'verb',
    'resource',
    'code',
  ]);
  readonly kubeRequestSeconds = this.histogram(
    'kube_request_duration_seconds',
    'Time of a request to the API server, watches left out',
    REQUEST_BUCKETS,
    ['verb'],
  );
  readonly missedEvents = this.counter('missed_events_total', 'Differences that only a relist found; must stay 0', [
    'resource',
  ]);
  readonly watchFailures = this.counter('watch_failures_total', 'Watches that ended with an error', ['resource']);

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** Counts a request to the API server. */
  kubeRequest({ verb, resource, code, seconds }: KubeRequestRecord): void {
    this.kubeRequests.inc({ verb, resource, code });
    if (verb !== 'watch') this.kubeRequestSeconds.observe({ verb }, seconds);
  }

  private gauge<Label extends string>(name: string, help: string, labelNames: readonly Label[] = []): Gauge<Label> {
    return new Gauge({ name: PREFIX + name, help, labelNames, registers: [this.registry] });
  }

  private counter<Label extends string>(name: string, help: string, labelNames: readonly Label[] = []): Counter<Label> {
    return new Counter({ name: PREFIX + name, help, labelNames, registers: [this.registry] });
  }

  private histogram<Label extends string>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: readonly Label[] = [],
  ): Histogram<Label> {
    return new Histogram({ name: PREFIX + name, help, buckets, labelNames, registers: [this.registry] });
  }
}

const PREFIX = 'bucketway_operator_';
