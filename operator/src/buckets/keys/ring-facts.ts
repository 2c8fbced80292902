import { REVOKE_ANNOTATION } from '@bucketway/contract';
import { Injectable } from '@nestjs/common';
import { ClusterCache } from '../../cluster/cluster-cache.js';
import { accessKeyIdOfSecret } from '../../credentials/app-secret.js';
import { readExistingKey } from '../../credentials/existing-key.js';
import type { KeyFacts, KeyPair, KeyWish } from '../../credentials/key-plan.js';
import { keyRingName } from '../../credentials/key-ring-entry.js';
import type { KeyRingRef } from '../../credentials/key-ring-entry.js';
import { mergeKeyWishes } from '../../credentials/merge-key-wishes.js';
import type { BucketKeyWish } from '../../credentials/merge-key-wishes.js';
import { DocumentPublisher } from '../../documents/document-publisher.js';
import type { PublishedRevision } from '../../documents/published-revision.js';
import { GatewayFleet } from '../../gateways/gateway-fleet.js';
import { objectKey } from '../../kube/kube-object.js';
import { KubeClient } from '../../kube/kube-client.js';
import { SECRETS } from '../../kube/resource.js';
import { ExistingSecrets } from './existing-secrets.js';
import type { RingUser } from './ring-users.js';
import { fails } from '../verdict.js';
import type { Verdict } from '../verdict.js';

/** What those that share a ring ask for, and what is wrong with the key that one of them brings. */
export interface RingWish {
  readonly wish: KeyWish;
  readonly refusal?: Verdict;
  /** The Secret of the user that the ring takes its key from: one, however many are named. */
  readonly broughtBy?: string;
  /** When the Secret of the user is to be looked at even if nobody tells that it changed, in milliseconds. */
  readonly lookAgainMs?: number;
}

interface StoredGrants {
  readonly name: string;
  readonly keyIds: ReadonlySet<string>;
  readonly since: PublishedRevision;
}

/** Finds out what the plan of a key ring depends on. */
@Injectable()
export class RingFacts {
  constructor(
    private readonly client: KubeClient,
    private readonly cache: ClusterCache,
    private readonly publisher: DocumentPublisher,
    private readonly fleet: GatewayFleet,
    private readonly existing: ExistingSecrets,
  ) {}

  /** Reads the Secret that a user brings, where there is one: no cache holds those. */
  async wish(users: readonly RingUser[]): Promise<RingWish> {
    const intervals = users.map(({ bucket: { metadata }, granted }) => {
      return this.existing.follow(objectKey(metadata), metadata.namespace, granted.credentials.existingSecretName);
    });
    const lookAgainMs = intervals.find((milliseconds) => milliseconds !== undefined);
    return { ...(await this.read(users)), ...(lookAgainMs !== undefined && { lookAgainMs }) };
  }

  private async read(users: readonly RingUser[]): Promise<RingWish> {
    const wishes = users.map(toKeyWish);
    const bringing = users.find(({ granted }) => granted.credentials.existingSecretName !== undefined);
    if (bringing === undefined) return { wish: mergeKeyWishes(wishes) };
    const name = bringing.granted.credentials.existingSecretName as string;
    const secret = await this.client.get(SECRETS, { namespace: bringing.bucket.metadata.namespace, name });
    const broughtBy = name;
    if (secret === undefined) {
      const message = `There is no Secret ${name} in this namespace: create it, or change credentials.existingSecretRef.`;
      return { wish: mergeKeyWishes(wishes), broughtBy, refusal: fails('ExistingSecretNotFound', message) };
    }
    const read = readExistingKey(secret);
    return 'mistake' in read
      ? { wish: mergeKeyWishes(wishes), broughtBy, refusal: fails('ExistingSecretInvalid', read.mistake) }
      : { wish: mergeKeyWishes(wishes, read.pair), broughtBy };
  }

  /** Which keys gateways take, and what the app has. */
  facts(ref: KeyRingRef, users: readonly RingUser[]): KeyFacts {
    const accepted = new Set<string>();
    const released = new Set<string>();
    const stored = users.flatMap(({ granted }) => this.storedOf(granted.bucketName));
    // Mappings of S3Buckets that are being deleted get no new key, and must keep none from the others.
    const staying = users.filter(({ bucket }) => bucket.metadata.deletionTimestamp === undefined);
    const names = new Set(staying.map(({ granted }) => granted.bucketName));
    const served = stored.filter(({ name }) => names.has(name));
    const secretsSince = this.publisher.keysSince(ref);
    for (const { accessKeyId } of this.publisher.keys(ref)?.keys ?? []) {
      const everywhere = served.length > 0 && served.every(({ keyIds }) => keyIds.has(accessKeyId));
      const isNamed = everywhere && served.every(({ since }) => this.isAcknowledged(since, 1));
      // Mappings tell ids only: of one that has another secret, gateways have to have read that, too.
      if (isNamed && this.knowSecrets(secretsSince)) accepted.add(accessKeyId);
      const isGone = !stored.some(({ keyIds }) => keyIds.has(accessKeyId));
      if (isGone && stored.every(({ since }) => this.isAcknowledged(since, 0))) released.add(accessKeyId);
    }
    return {
      accepted,
      released,
      secretHolds: accessKeyIdOfSecret(this.cache.appSecrets.get(keyRingName(ref))),
      isTaken: (key: KeyPair) => this.publisher.isKeyTaken(ref, key),
    };
  }

  private storedOf(bucketName: string): StoredGrants[] {
    const mapping = this.publisher.mapping(bucketName);
    if (mapping === undefined) return [];
    return [
      {
        name: bucketName,
        keyIds: new Set(mapping.bucket.grants.map(({ accessKeyId }) => accessKeyId)),
        since: mapping.since,
      },
    ];
  }

  private knowSecrets(since: PublishedRevision | undefined): boolean {
    if (since === undefined) return false;
    if (this.isAcknowledged(since, 1)) return true;
    this.fleet.announce(since);
    return false;
  }

  private isAcknowledged(since: PublishedRevision, atLeast: number): boolean {
    const { ready, waiting } = this.fleet.judge([since]);
    return ready >= atLeast && waiting.length === 0;
  }
}

function toKeyWish({ bucket: { metadata }, granted: { credentials } }: RingUser): BucketKeyWish {
  const revoke = metadata.annotations?.[REVOKE_ANNOTATION];
  return { name: metadata.name, credentials, ...(revoke !== undefined && { revoke }) };
}
