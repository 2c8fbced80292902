import type { ConditionReason, S3BucketAccessMode } from '@bucketway/contract';
import type { OverlapMode } from '../policy/policy.js';

/** The S3Bucket that claims. */
export interface ClaimOwner {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** A bucket name and a path that an S3Bucket holds: one published mapping. */
export interface Incumbent {
  readonly owner: ClaimOwner;
  readonly bucketName: string;
  readonly path: string;
  readonly accessMode: S3BucketAccessMode;
  /** Its path must be empty and was not found so yet: what is there is not its own. */
  readonly isTrial?: boolean;
}

/** What an S3Bucket wants to hold; name and path are granted together or not at all. */
export interface ClaimRequest extends Incumbent {
  /** The rule that the tenancy policy has for the claimant. */
  readonly overlap: OverlapMode;
  /** RFC 3339. The older of two that wait goes first, then namespace and name decide. */
  readonly creationTimestamp: string;
}

/** Data that a released S3Bucket left at its path: no other namespace gets that path. Plain JSON. */
export interface Tombstone {
  readonly path: string;
  readonly bucketName: string;
  readonly namespace: string;
  readonly name: string;
  /** When it was released, RFC 3339. */
  readonly since: string;
}

/** The reasons for which the ledger refuses. */
export type ClaimReason = Extract<ConditionReason, 'NameTaken' | 'PathTaken' | 'PathOverlap' | 'RetainedPathsUnusable'>;

/** Who stands in the way. */
export type ClaimHolder = Incumbent | Tombstone;

/** The claimant holds both now; `requeue` names those that waited for what it held before, oldest first. */
export interface ClaimGranted {
  readonly granted: true;
  readonly requeue: readonly ClaimOwner[];
}

/** Refused, and remembered: `release` of the holder names the claimant. */
export interface ClaimRefused {
  readonly granted: false;
  /** It waits for this already: S3Buckets are looked at again and again. */
  readonly again: boolean;
  readonly reason: ClaimReason;
  /** For the operator's log; tell users `message` only, which names nobody of another namespace. */
  readonly holder: ClaimHolder;
  readonly message: string;
}

/** What the ledger answers. */
export type ClaimResult = ClaimGranted | ClaimRefused;

/** What a release changed. */
export interface Released {
  /** False where the S3Bucket held nothing, or its successor of the same name does now. */
  readonly released: boolean;
  /** Those that waited for it, oldest first; what could be granted to them is granted already. */
  readonly requeue: readonly ClaimOwner[];
}
