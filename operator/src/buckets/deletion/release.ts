import { Injectable } from '@nestjs/common';
import type { S3Bucket } from '@bucketway/contract';
import type { ClaimOwner } from '../../claims/claim.js';
import { objectKey } from '../../kube/kube-object.js';
import type { KeyRingRef } from '../../credentials/key-ring-entry.js';
import { AppSecrets } from '../keys/app-secrets.js';
import { BucketQueue } from '../bucket-queue.js';
import { Claims } from '../claims.js';
import { KeyRings } from '../keys/key-rings.js';
import { ringOf, RingUsers } from '../keys/ring-users.js';

/** Gives back what an S3Bucket held beside its mapping. */
@Injectable()
export class Release {
  constructor(
    private readonly users: RingUsers,
    private readonly keyRings: KeyRings,
    private readonly appSecrets: AppSecrets,
    private readonly claims: Claims,
    private readonly queue: BucketQueue,
  ) {}

  /** Its keys and the app's Secret, unless others share them. */
  async keys(bucket: S3Bucket): Promise<void> {
    const ref = ringOf(bucket);
    this.users.drop(objectKey(bucket.metadata));
    const others = this.users
      .membersOf(ref)
      .filter(({ metadata }) => metadata.uid !== bucket.metadata.uid && metadata.deletionTimestamp === undefined);
    for (const { metadata } of others) this.queue.add(objectKey(metadata));
    if (others.length > 0) return;
    await this.ring(ref);
  }

  /** The keys of a ring that no S3Bucket has any more, and the app's Secret. */
  async ring(ref: KeyRingRef): Promise<void> {
    if (this.users.isInUse(ref)) return;
    await this.appSecrets.remove(ref);
    await this.keyRings.remove(ref);
  }

  /** Its name and path. @param retain whether its data stays there, and keeps other namespaces away */
  async claim(owner: ClaimOwner, retain: boolean): Promise<void> {
    for (const waiting of await this.claims.release(owner, retain)) this.queue.add(objectKey(waiting));
  }
}
