import { Injectable, Logger } from '@nestjs/common';
import type { S3Bucket } from '@bucketway/contract';
import { ClusterCache } from '../cluster/cluster-cache.js';
import { DocumentPublisher } from '../documents/document-publisher.js';
import { byAge, objectKey } from '../kube/kube-object.js';
import type { PolicyAcceptance } from '../policy/decision.js';
import { wantedName } from './admission.js';
import { ServedBuckets } from './served-buckets.js';
import { BucketEvents } from './status/bucket-events.js';
import { WatchedBuckets } from './news/cluster-news.js';
import { ringOf } from './keys/ring-users.js';

/** What a replica does first when it leads: learns what is stored, and who may have what. */
@Injectable()
export class TakeOver {
  private readonly log = new Logger('take-over');

  constructor(
    private readonly cache: ClusterCache,
    private readonly publisher: DocumentPublisher,
    private readonly served: ServedBuckets,
    private readonly buckets: WatchedBuckets,
    private readonly events: BucketEvents,
  ) {}

  /** @returns the S3Buckets that want a first pass, those among them that are gone */
  async run(): Promise<ReadonlySet<string>> {
    const { incumbents, distrusted, recovered } = this.publisher.load({
      configMaps: this.cache.mappings.values(),
      secrets: this.cache.credentials.values(),
      appSecrets: this.cache.appSecrets.values(),
    });
    for (const { kind, shard, reason } of distrusted) {
      this.log.warn(`${kind} document ${shard} is written anew: ${reason ?? 'it was changed'}`);
    }
    if (recovered.length > 0) this.log.warn(`${recovered.length} key rings were recovered from the Secrets of apps`);
    await this.buckets.claims.load(incumbents);
    this.inheritAll();
    this.admitAll();
    const keys = new Set(this.cache.s3Buckets.keys());
    for (const { owner } of incumbents) {
      // What a namespace has that is no longer watched stays served.
      if (owner !== undefined && this.cache.watches(owner.namespace)) keys.add(objectKey(owner));
    }
    return keys;
  }

  // Before anybody who waits is looked at, whatever the ages: a document may be lost, and what it said is somebody's data.
  private inheritAll(): void {
    const buckets = [...this.cache.s3Buckets.values()];
    for (const bucket of buckets.toSorted(byStanding)) this.served.inherit(bucket);
  }

  // Before any key is planned: of S3Buckets that share a ring, each counts from the beginning.
  private admitAll(): void {
    const buckets = [...this.cache.s3Buckets.values()].filter(
      ({ metadata }) => metadata.deletionTimestamp === undefined,
    );
    for (const bucket of buckets.toSorted((a, b) => byAge(a.metadata, b.metadata))) {
      const before = this.buckets.claims.heldBefore(bucket.metadata);
      // A pass ends that first.
      if (before !== undefined && before.bucketName !== wantedName(bucket)) continue;
      const granted = this.served.grant(bucket);
      if (granted === undefined) continue;
      this.buckets.users.accept(bucket, granted);
      if (this.hasLostKey(bucket, granted)) this.events.credentialsReissued(bucket, ringOf(bucket).secretName);
    }
  }

  // It had a key, and neither a document nor the Secret of an app says which: a pass issues another one.
  private hasLostKey(bucket: S3Bucket, { credentials: { mode } }: PolicyAcceptance): boolean {
    if (mode !== 'Managed') return false;
    return bucket.status?.credentials?.accessKeyId !== undefined && this.publisher.keys(ringOf(bucket)) === undefined;
  }
}

/** Who was served last goes before those whose place was given to somebody since, and writers before readers. */
function byStanding(a: S3Bucket, b: S3Bucket): number {
  return rankOf(a) - rankOf(b) || byAge(a.metadata, b.metadata);
}

function rankOf({ spec, status }: S3Bucket): number {
  const accepted = status?.conditions?.some(({ type, status: is }) => type === 'Accepted' && is === 'True') === true;
  return (accepted ? 0 : 2) + (spec.accessMode === 'ReadOnly' ? 1 : 0);
}
