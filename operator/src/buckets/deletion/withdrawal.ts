import { Inject, Injectable } from '@nestjs/common';
import { ALLOW_MASS_DELETION_ANNOTATION } from '@bucketway/contract';
import type { MappedBucket, S3Bucket } from '@bucketway/contract';
import type { ClaimOwner } from '../../claims/claim.js';
import { OperatorConfiguration } from '../../config/operator-configuration.js';
import { RemovalHeldError } from '../../documents/document-errors.js';
import { DocumentPublisher } from '../../documents/document-publisher.js';
import type { PublishedRevision } from '../../documents/published-revision.js';
import { GatewayFleet } from '../../gateways/gateway-fleet.js';
import { objectKey } from '../../kube/kube-object.js';
import { BucketMemory } from '../bucket-memory.js';
import { Claims } from '../claims.js';
import { pathBinding } from '../path-binding.js';
import { holds } from '../verdict.js';
import type { Verdict } from '../verdict.js';

/** A removal that has to wait. */
export interface HeldWithdrawal {
  readonly verdict: Verdict;
  readonly retryInMs: number;
}

/** A removal that gateways have not acknowledged. */
export interface WaitingWithdrawal {
  readonly version: PublishedRevision;
  readonly sinceMs: number;
  readonly forMs: number;
  readonly verdict: Verdict;
}

interface Removal {
  readonly version: PublishedRevision;
  /** When it was stored, by the operator's own clock that never jumps: that of the API server may tell another time. */
  readonly at: number;
}

/** Ends what gateways serve for an S3Bucket. */
@Injectable()
export class Withdrawal {
  /** Removals that gateways may not have acknowledged yet. */
  private readonly removed = new Map<string, Removal>();

  constructor(
    private readonly publisher: DocumentPublisher,
    private readonly fleet: GatewayFleet,
    private readonly claims: Claims,
    private readonly memory: BucketMemory,
    @Inject(OperatorConfiguration) private readonly configuration: OperatorConfiguration,
  ) {
    memory.onForget((key) => this.removed.delete(key));
  }

  /** The bucket that is served for an S3Bucket; not the one of a successor of its name. */
  servedName({ namespace, name, uid }: ClaimOwner): string | undefined {
    const held = this.claims.ledger.heldBy({ namespace, name });
    const owner = held && this.mappingOf(held.bucketName)?.owner;
    const isOwn = owner?.namespace === namespace && owner.name === name && (owner.uid ?? uid) === uid;
    return isOwn ? held?.bucketName : undefined;
  }

  /** Whether its path was never found empty as it must be: what is there is not its own. */
  isTrial(bucket: S3Bucket): boolean {
    const served = this.servedName(bucket.metadata);
    const stored = served === undefined ? undefined : this.publisher.mapping(served)?.bucket;
    return pathBinding(bucket, stored, false) === 'trial';
  }

  /** Why nothing of an S3Bucket may be ended yet, its data included: many others go with it. */
  held(owner: ClaimOwner, isMeant: boolean): HeldWithdrawal | undefined {
    const bucketName = this.servedName(owner);
    const retryInMs = bucketName === undefined ? 0 : this.publisher.removalHoldMs(bucketName, isMeant);
    if (retryInMs === 0) return undefined;
    const message =
      `Many S3Buckets are deleted at once: nothing is ended for another ${Math.ceil(retryInMs / 1000)} s. To keep this ` +
      `one, take its finalizer off and apply it again; to let it go now, set the annotation ` +
      `${ALLOW_MASS_DELETION_ANNOTATION}=true.`;
    return { verdict: holds('MassDeletionHeld', message), retryInMs };
  }

  /** Ends it, now or, with many others, a while later. */
  async end(owner: ClaimOwner): Promise<HeldWithdrawal | undefined> {
    const bucketName = this.servedName(owner);
    if (bucketName === undefined) return undefined;
    try {
      const revision = await this.publisher.removeMapping(bucketName);
      this.fleet.announce(revision);
      this.note(objectKey(owner), revision);
      return undefined;
    } catch (error) {
      if (!(error instanceof RemovalHeldError)) throw error;
      return { verdict: holds('MassDeletionHeld', error.message), retryInMs: error.retryInMs };
    }
  }

  /** What to wait for, since when and how long at most; undefined once all gateways ended it, or the grace is over. */
  waiting({ metadata }: S3Bucket): WaitingWithdrawal | undefined {
    const removal = this.removed.get(objectKey(metadata));
    if (removal === undefined) return undefined;
    const { version, at } = removal;
    const { ready, waiting } = this.fleet.judge([version]);
    const sinceMs = this.memory.now() - at;
    const forMs = this.configuration.deletionGraceSeconds * 1000 - sinceMs;
    if (waiting.length === 0 || forMs <= 0) return undefined;
    const message =
      `${waiting.length} of ${ready} gateways still serve the bucket, ${waiting[0]} among them: it is waited for them for ` +
      `${this.configuration.deletionGraceSeconds} s at most.`;
    return { version, sinceMs, forMs, verdict: holds('WaitingForGateways', message) };
  }

  // What is only being stored would be served, too, when its S3Bucket is gone.
  private mappingOf(bucketName: string): MappedBucket | undefined {
    return this.publisher.mapping(bucketName)?.bucket ?? this.publisher.wantedMapping(bucketName);
  }

  // Asked for again, a removal is of the same version; what was served again since then is removed anew.
  private note(key: string, version: PublishedRevision): void {
    const before = this.removed.get(key);
    const isSame = before?.version.shard === version.shard && before.version.revision === version.revision;
    if (!isSame) this.removed.set(key, { version, at: this.memory.now() });
  }
}
