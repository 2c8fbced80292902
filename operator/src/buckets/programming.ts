import { canonicalJson } from '@bucketway/contract';
import type { MappedBucket, S3Bucket, S3BucketProgrammed } from '@bucketway/contract';
import { Injectable } from '@nestjs/common';
import { SupersededError, UnsettledDocumentError } from '../documents/document-errors.js';
import { DocumentPublisher } from '../documents/document-publisher.js';
import type { PublishedMapping } from '../documents/document-publisher.js';
import type { PublishedRevision } from '../documents/published-revision.js';
import { findLeftOut } from '../gateways/acknowledgement.js';
import type { Acknowledgement } from '../gateways/acknowledgement.js';
import { GatewayFleet } from '../gateways/gateway-fleet.js';
import { objectKey } from '../kube/kube-object.js';
import { BucketMemory } from './bucket-memory.js';
import { BucketQueue } from './bucket-queue.js';
import { toSeconds } from './status/conditions.js';
import { fails, holds } from './verdict.js';
import type { Verdict } from './verdict.js';

/** How far a mapping is. */
export interface Program {
  readonly verdict: Verdict;
  /** The first version of its document that says it; undefined while it is being stored. */
  readonly stored?: PublishedRevision;
  /** It was stored before this process began. */
  readonly restored?: boolean;
  /** For the status. */
  readonly programmed?: S3BucketProgrammed;
}

interface Pending {
  readonly content: string;
  failure: string | undefined;
}

/** Names of pods that a message gives. */
const NAMED_PODS = 3;

/** Brings mappings to the gateways: has them stored, and the gateways told. Never waits; what happens requeues. */
@Injectable()
export class Programming {
  private readonly pending = new Map<string, Pending>();
  /** What was acknowledged by all, as it was found first: the status may not have come back when it is asked again. */
  private readonly acknowledged = new Map<string, S3BucketProgrammed>();

  constructor(
    private readonly publisher: DocumentPublisher,
    private readonly fleet: GatewayFleet,
    private readonly queue: BucketQueue,
    private readonly memory: BucketMemory,
  ) {
    memory.onForget((key) => {
      this.pending.delete(key);
      this.acknowledged.delete(key);
    });
  }

  /** The mapping of a bucket name as it is stored. */
  stored(bucketName: string): MappedBucket | undefined {
    return this.publisher.mapping(bucketName)?.bucket;
  }

  /** Wants a mapping to be served. */
  want(bucket: S3Bucket, mapping: MappedBucket): Program {
    const key = objectKey(bucket.metadata);
    const content = canonicalJson(mapping);
    const stored = this.publisher.mapping(mapping.name);
    if (stored === undefined || canonicalJson(stored.bucket) !== content) return this.publish(key, mapping, content);
    const { since, restored } = stored;
    this.pending.delete(key);
    const acknowledgement = this.fleet.judge([since]);
    const leftOut = findLeftOut(this.fleet.reports(), since, mapping.name);
    // An operator that started after it was stored, or a pod that came since, has not been told.
    if (acknowledgement.waiting.length > 0) this.fleet.announce(since);
    return {
      stored: since,
      restored,
      verdict: leftOut === undefined ? judge(acknowledgement) : rejectedBy(leftOut),
      programmed: this.describe(bucket, stored, acknowledgement),
    };
  }

  private publish(key: string, mapping: MappedBucket, content: string): Program {
    const before = this.pending.get(key);
    const failure = before?.content === content ? before.failure : undefined;
    if (before?.content !== content || failure !== undefined) {
      const pending: Pending = { content, failure: undefined };
      this.pending.set(key, pending);
      this.publisher.setMapping(mapping).then(
        (revision) => this.published(key, revision),
        (error: unknown) => this.failed(key, pending, error),
      );
    }
    return {
      verdict:
        failure === undefined
          ? fails('WaitingForGateways', 'The mapping is being stored.')
          : fails('PublishFailed', failure),
    };
  }

  private published(key: string, revision: PublishedRevision): void {
    this.fleet.announce(revision);
    this.queue.add(key);
  }

  private failed(key: string, pending: Pending, error: unknown): void {
    // Whoever settles brings the next pass.
    if (error instanceof UnsettledDocumentError) {
      this.pending.delete(key);
      return;
    }
    if (error instanceof SupersededError) this.pending.delete(key);
    else pending.failure = error instanceof Error ? error.message : String(error);
    this.queue.retry(key);
  }

  private describe(
    bucket: S3Bucket,
    { since: { revision, hash }, restored }: PublishedMapping,
    { ready, acknowledged }: Acknowledgement,
  ): S3BucketProgrammed {
    const gateways = `${acknowledged}/${ready}`;
    const key = objectKey(bucket.metadata);
    const before = this.acknowledged.get(key) ?? bucket.status?.programmed;
    const same = (before?.revision === revision && before.hash === hash) || (restored && stillHolds(bucket, revision));
    if (ready === 0 || acknowledged < ready) return { ...(same ? before : { revision, hash }), gateways };
    if (same && before?.time !== undefined) return { ...before, gateways };
    const latencyMs = this.memory.pendingMs(bucket);
    const time = toSeconds(this.memory.wallTime());
    const programmed = { revision, hash, time, ...(latencyMs !== undefined && { latencyMs: Math.round(latencyMs) }) };
    this.acknowledged.set(key, programmed);
    return { ...programmed, gateways };
  }
}

/** Of what was stored before this process began, the status knows better since when. */
function stillHolds({ metadata, status }: S3Bucket, revision: number): boolean {
  const condition = status?.conditions?.find(({ type }) => type === 'Programmed');
  const held = condition?.status === 'True' && condition.observedGeneration === metadata.generation;
  return held && (status?.programmed?.revision ?? Infinity) <= revision;
}

function judge({ ready, acknowledged, waiting, rejected }: Acknowledgement): Verdict {
  if (ready === 0) return fails('NoGateways', 'No gateway pod is ready: look at the pods of the gateway Deployment.');
  if (waiting.length === 0) return holds('Programmed', `All ${ready} gateways serve it.`);
  if (rejected !== undefined) return rejectedBy(rejected);
  const names = waiting.slice(0, NAMED_PODS).join(', ') + (waiting.length > NAMED_PODS ? ', …' : '');
  return fails('WaitingForGateways', `${acknowledged} of ${ready} gateways serve it; waiting for ${names}.`);
}

function rejectedBy({ pod, reason }: NonNullable<Acknowledgement['rejected']>): Verdict {
  return fails('GatewayRejected', `Gateway pod ${pod} refuses it: ${reason}`);
}
