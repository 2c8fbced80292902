import { defaultSecretName } from '@bucketway/contract';
import type { S3Bucket } from '@bucketway/contract';
import { Injectable } from '@nestjs/common';
import { ClusterCache } from '../../cluster/cluster-cache.js';
import { keyRingName } from '../../credentials/key-ring-entry.js';
import type { KeyRingRef } from '../../credentials/key-ring-entry.js';
import { objectKey } from '../../kube/kube-object.js';
import type { PolicyAcceptance } from '../../policy/decision.js';
import { BucketMemory } from '../bucket-memory.js';
import { VanishedBuckets } from '../news/vanished-buckets.js';

/** An accepted S3Bucket and what it was granted. */
export interface RingUser {
  readonly bucket: S3Bucket;
  readonly granted: PolicyAcceptance;
}

/** The key ring of an S3Bucket: those of one namespace that name the same Secret share one. */
export function ringOf({ metadata, spec }: Pick<S3Bucket, 'metadata' | 'spec'>): KeyRingRef {
  return {
    namespace: metadata.namespace,
    secretName: spec.credentials?.secretName ?? defaultSecretName(metadata.name),
  };
}

/** Which S3Buckets share a key ring, and what those of them that were accepted were granted. */
@Injectable()
export class RingUsers {
  private readonly members = new Map<string, Set<string>>();
  private readonly granted = new Map<string, PolicyAcceptance>();
  /** The rings of S3Buckets that are gone, until they were given back. */
  private readonly left = new Map<string, KeyRingRef>();

  constructor(
    private readonly cache: ClusterCache,
    memory: BucketMemory,
    private readonly vanished: VanishedBuckets,
  ) {
    cache.s3Buckets.onChange(({ before, after }) => {
      if (before !== undefined) this.remove(before);
      if (after !== undefined) this.add(after);
      // Its successor may be there before a pass sees that it is gone, and have another ring.
      if (before !== undefined && before.metadata.uid !== after?.metadata.uid) {
        this.left.set(objectKey(before.metadata), ringOf(before));
      }
    });
    memory.onForget((key) => {
      this.drop(key);
      this.left.delete(key);
    });
  }

  /** The ring that an S3Bucket had that is gone. */
  leftBy(key: string): KeyRingRef | undefined {
    return this.left.get(key);
  }

  /** That ring was given back. */
  forgetLeft(key: string): void {
    this.left.delete(key);
  }

  /** An S3Bucket was accepted, and counts for its ring from now on. */
  accept({ metadata }: S3Bucket, granted: PolicyAcceptance): void {
    this.granted.set(objectKey(metadata), granted);
  }

  /** It counts no more. */
  drop(key: string): void {
    this.granted.delete(key);
  }

  /** The S3Buckets of a ring, accepted or not. */
  membersOf(ref: KeyRingRef): readonly S3Bucket[] {
    const keys = this.members.get(keyRingName(ref)) ?? [];
    return [...keys].map((key) => this.cache.s3Buckets.get(key)).filter((bucket) => bucket !== undefined);
  }

  /** Whether an S3Bucket has it that stays, or one that may be applied again. */
  isInUse(ref: KeyRingRef): boolean {
    const ring = keyRingName(ref);
    const isHeld = [...this.left].some(([key, left]) => keyRingName(left) === ring && this.vanished.holdMs(key) > 0);
    return isHeld || this.membersOf(ref).some(({ metadata }) => metadata.deletionTimestamp === undefined);
  }

  /** The accepted ones, by name. */
  usersOf(ref: KeyRingRef): readonly RingUser[] {
    return this.membersOf(ref)
      .flatMap((bucket) => {
        const granted = this.granted.get(objectKey(bucket.metadata));
        return granted === undefined ? [] : [{ bucket, granted }];
      })
      .toSorted(byName);
  }

  private add(bucket: S3Bucket): void {
    const ring = keyRingName(ringOf(bucket));
    this.members.set(ring, (this.members.get(ring) ?? new Set()).add(objectKey(bucket.metadata)));
  }

  private remove(bucket: S3Bucket): void {
    const ring = keyRingName(ringOf(bucket));
    const members = this.members.get(ring);
    members?.delete(objectKey(bucket.metadata));
    if (members?.size === 0) this.members.delete(ring);
  }
}

function byName({ bucket: { metadata: a } }: RingUser, { bucket: { metadata: b } }: RingUser): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
