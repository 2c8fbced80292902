import { Injectable } from '@nestjs/common';
import { REVOKE_ANNOTATION } from '@bucketway/contract';
import type { MappedBucket, S3Bucket } from '@bucketway/contract';
import { revokedIds } from '../../credentials/merge-key-wishes.js';
import { issueKeyPair, newKeyRingUid } from '../../credentials/key-pair.js';
import type { KeyPair } from '../../credentials/key-plan.js';
import type { KeyRingRef } from '../../credentials/key-ring-entry.js';
import { DocumentPublisher } from '../../documents/document-publisher.js';
import type { PublishedRevision } from '../../documents/published-revision.js';
import { GatewayFleet } from '../../gateways/gateway-fleet.js';
import { BucketMemory } from '../bucket-memory.js';
import { Claims } from '../claims.js';
import { ringOf } from '../keys/ring-users.js';

/** A key that opens a bucket on every gateway that has this version of its mapping. */
export interface DeletionKey {
  readonly pair: KeyPair;
  readonly since: PublishedRevision;
}

/**
 * The keys with which buckets are emptied: each has one that nobody is told, that ends with the mapping, and beside which
 * the bucket has no other any more. An app that went on writing would never let its bucket be empty, or leave data in the moment
 * between the last look and the end.
 */
@Injectable()
export class DeletionKeys {
  constructor(
    private readonly publisher: DocumentPublisher,
    private readonly fleet: GatewayFleet,
    private readonly claims: Claims,
    private readonly memory: BucketMemory,
  ) {}

  /**
   * The one key for the bucket of this name; undefined while its mapping is being stored. Where the mapping is lost, the
   * bucket is served again.
   *
   * @throws Error where the key or the mapping cannot be stored
   */
  async keyOf(bucket: S3Bucket, name: string): Promise<DeletionKey | undefined> {
    const mapping = this.publisher.mapping(name);
    if (mapping === undefined) {
      // The next pass finds it stored, and asks first whether too many vanish at once.
      if (this.publisher.wantedMapping(name) === undefined) await this.serveAgain(bucket);
      return undefined;
    }
    const pair = this.publisher.keys(deletionRing(bucket))?.keys[0];
    const { grants, anonymous = 'none' } = mapping.bucket;
    const isAlone = anonymous === 'none' && grants.length === 1 && grants[0]?.accessKeyId === pair?.accessKeyId;
    return pair !== undefined && isAlone ? { pair, since: mapping.since } : await this.issue(bucket, mapping.bucket);
  }

  /** Takes keys out of the mapping that were revoked: no pass over keys looks at it any more, and it may stay for long. */
  async dropRevoked(bucket: S3Bucket, name: string): Promise<void> {
    const mapping = this.publisher.mapping(name)?.bucket;
    if (mapping === undefined) return;
    const now = this.memory.wallTime().getTime();
    const over = (this.publisher.keys(ringOf(bucket))?.keys ?? []).filter(
      ({ retireAt }) => retireAt !== undefined && Date.parse(retireAt) <= now,
    );
    const ids = new Set([
      ...over.map(({ accessKeyId }) => accessKeyId),
      ...revokedIds(bucket.metadata.annotations?.[REVOKE_ANNOTATION]),
    ]);
    const grants = mapping.grants.filter(({ accessKeyId }) => !ids.has(accessKeyId));
    if (grants.length === mapping.grants.length) return;
    const plain: Pick<MappedBucket, keyof MappedBucket> = mapping;
    this.fleet.announce(await this.publisher.setMapping({ ...plain, grants }));
  }

  private async serveAgain({ metadata }: S3Bucket): Promise<void> {
    const held = this.claims.ledger.heldBy(metadata);
    if (held === undefined) return;
    const { owner, bucketName: name, path } = held;
    this.fleet.announce(await this.publisher.setMapping({ name, path, owner, grants: [], anonymous: 'none' }));
  }

  private async issue(bucket: S3Bucket, mapping: MappedBucket): Promise<DeletionKey> {
    const ref = deletionRing(bucket);
    // One that is there was issued by a pass that got no further.
    const pair = this.publisher.keys(ref)?.keys[0] ?? issueKeyPair(newKeyRingUid(), 1);
    const key = { ...pair, serial: 1, state: 'Active', createdAt: this.memory.wallTime().toISOString() } as const;
    await this.publisher.updateKeys(ref, (entry) => entry ?? { uid: newKeyRingUid(), serial: 1, keys: [key] });
    // What was only read is not its own: its key may not delete it either.
    const held = this.claims.ledger.heldBy(bucket.metadata);
    const mode = held?.accessMode === 'ReadWrite' ? 'read-write' : 'read-only';
    const plain: Pick<MappedBucket, keyof MappedBucket> = mapping;
    const grants = [{ accessKeyId: key.accessKeyId, mode } as const];
    const since = await this.publisher.setMapping({ ...plain, grants, anonymous: 'none' });
    this.fleet.announce(since);
    return { pair, since };
  }

  /** The bucket is served no more. */
  async remove(bucket: S3Bucket): Promise<void> {
    const ref = deletionRing(bucket);
    if (this.publisher.keys(ref) !== undefined) await this.publisher.removeKeys(ref);
  }
}

/** No Secret can have such a name. */
function deletionRing({ metadata: { namespace, uid } }: S3Bucket): KeyRingRef {
  return { namespace, secretName: `deletion of ${uid}` };
}
