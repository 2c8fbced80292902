import { Inject, Injectable } from '@nestjs/common';
import type { S3Bucket } from '@bucketway/contract';
import type { ClaimOwner } from '../claims/claim.js';
import { ClusterCache } from '../cluster/cluster-cache.js';
import { OperatorConfiguration } from '../config/operator-configuration.js';
import { OperatorMetrics } from '../observability/operator-metrics.js';
import { decide } from '../policy/decide.js';
import type { Decision, PolicyAcceptance } from '../policy/decision.js';
import { TenancyPolicy } from '../policy/tenancy-policy.js';
import { Claims } from './claims.js';
import { isUnbound } from './path-binding.js';
import { fails } from './verdict.js';
import type { Verdict } from './verdict.js';

/** What became of an S3Bucket's wish. */
export type Admitted =
  { readonly accepted: PolicyAcceptance; readonly requeue: readonly ClaimOwner[] } | { readonly refused: Verdict };

/** Decides whether an S3Bucket may have what it asks for: first the tenancy policy, then the claims of others. */
@Injectable()
export class Admission {
  constructor(
    private readonly cache: ClusterCache,
    private readonly tenancy: TenancyPolicy,
    private readonly claims: Claims,
    private readonly metrics: OperatorMetrics,
    @Inject(OperatorConfiguration) private readonly configuration: Pick<OperatorConfiguration, 'reservedBuckets'>,
  ) {}

  /** Stores what the claims of an S3Bucket left behind, before anything is done by them. */
  async keepClaims(bucket: S3Bucket): Promise<void> {
    await this.claims.keepTombstones(ownerOf(bucket));
  }

  /** Claims name and path where the policy permits them. */
  admit(bucket: S3Bucket): Admitted {
    const owner = ownerOf(bucket);
    const decision = this.decide(bucket);
    if (!decision.accepted) {
      this.claims.ledger.stopWaiting(owner);
      return { refused: fails(decision.reason, decision.message) };
    }
    const { bucketName, path, accessMode, overlap } = decision;
    const unknown = this.claims.refusal({ owner, bucketName, path });
    if (unknown !== undefined) return { refused: fails('RetainedPathsUnusable', unknown) };
    const claim = this.claims.claim({
      owner,
      bucketName,
      path,
      accessMode,
      isTrial: isUnbound(bucket),
      overlap,
      creationTimestamp: bucket.metadata.creationTimestamp ?? '',
    });
    if (claim.granted) return { accepted: decision, requeue: claim.requeue };
    if (!claim.again) this.metrics.claimConflicts.inc({ reason: claim.reason });
    return { refused: fails(claim.reason, claim.message) };
  }

  /** What the tenancy policy, and the names that gateways have of their own, say to an S3Bucket, whatever others hold. */
  decide(bucket: S3Bucket): Decision {
    const { namespace } = bucket.metadata;
    const { name, labels = {} } = this.cache.namespaces.get(namespace)?.metadata ?? { name: namespace };
    const standing = this.claims.ledger.standingOf(bucket.metadata);
    const decision = decide(this.tenancy.policy, { namespace: { name, labels }, bucket, standing });
    if (!decision.accepted || !this.configuration.reservedBuckets.includes(decision.bucketName)) return decision;
    return { accepted: false, reason: 'NameReserved', message: reservedText(decision.bucketName) };
  }
}

function reservedText(name: string): string {
  return (
    `the bucket name "${name}" is one that the gateways have of their own configuration: create the S3Bucket anew with ` +
    'another spec.bucketName'
  );
}

/** Who an S3Bucket is to the ledger of claims. */
export function ownerOf({ metadata: { namespace, name, uid } }: Pick<S3Bucket, 'metadata'>): ClaimOwner {
  return { namespace, name, uid };
}

/** The bucket name that an S3Bucket asks for. */
export function wantedName({ metadata, spec }: Pick<S3Bucket, 'metadata' | 'spec'>): string {
  return spec.bucketName ?? metadata.name;
}
