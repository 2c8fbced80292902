import { Inject, Injectable, Logger } from '@nestjs/common';
import { OperatorConfiguration } from '../config/operator-configuration.js';
import { documentObjectName } from './document-names.js';
import { DOCUMENT_MANAGER } from './drift.js';
import type { Drift } from './drift.js';
import type { RemovalHold } from './removal-guard.js';
import { EventRecorder } from '../kube/event-recorder.js';
import { OperatorMetrics } from '../observability/operator-metrics.js';

const ONE_OPERATOR =
  'Unless the data of the API server came back from a backup, two operators write the same documents: give each release a ' +
  'documents.name of its own, and all replicas of one the same lease.';

/** Tells of what happens to the documents: in the log, as metrics, and as events of the objects. */
@Injectable()
export class DocumentEvents {
  private readonly log = new Logger('documents');
  private readonly namespace: string;
  private readonly prefix: string;

  constructor(
    private readonly recorder: EventRecorder,
    private readonly metrics: OperatorMetrics,
    @Inject(OperatorConfiguration) { namespace, documents }: OperatorConfiguration,
  ) {
    this.namespace = namespace;
    this.prefix = documents.name;
  }

  readonly drift = ({ kind, change, object, manager }: Drift): void => {
    this.metrics.driftReverted.inc({ object: kind });
    const isOperator = manager === DOCUMENT_MANAGER;
    const by = manager === undefined ? '' : ` by ${isOperator ? 'another operator of Bucketway' : manager}`;
    const advice = isOperator ? ONE_OPERATOR : 'Change the S3Buckets instead.';
    const note = `The ${object.kind} ${object.name} was ${change}${by}; it is written again. ${advice}`;
    this.log.warn(note);
    const { kind: objectKind, namespace, name } = object;
    const regarding = { apiVersion: 'v1', kind: objectKind, metadata: { namespace, name } };
    this.recorder.record(regarding, { type: 'Warning', reason: 'DriftReverted', action: 'Restore', note });
  };

  readonly removalsHeld = ({ count, total, holdMs }: RemovalHold): void => {
    this.metrics.massDeletionHeld.set(1);
    setTimeout(() => this.metrics.massDeletionHeld.set(0), holdMs).unref();
    this.log.warn(`${count} of ${total} buckets vanish at once: they are served for another ${holdMs / 1000} s`);
  };

  /** The API server's data is older than what gateways serve. @param withdrawn keys that stay ended; undefined: not known */
  pastForgotten(shard: number, withdrawn: number | undefined): void {
    this.metrics.restoresDetected.inc();
    const keys =
      withdrawn === undefined
        ? 'Which keys were revoked since is not known: revoke them again.'
        : `${withdrawn} keys that were withdrawn since stay so, and apps get others.`;
    const note = `Gateways serve a later version of mappings document ${shard} than is stored: the API server's data is older. ${keys}`;
    this.log.warn(note);
    const metadata = { namespace: this.namespace, name: documentObjectName(this.prefix, 'mappings', shard) };
    const regarding = { apiVersion: 'v1', kind: 'ConfigMap', metadata };
    this.recorder.record(regarding, { type: 'Warning', reason: 'RestoreDetected', action: 'Publish', note });
  }

  readonly writeFailed = (object: string, error: unknown): void => {
    this.log.warn(`${object} is not written yet: ${error instanceof Error ? error.message : String(error)}`);
  };
}
