import { Injectable } from '@nestjs/common';
import type { DocumentKind, S3Bucket } from '@bucketway/contract';
import { ClusterCache } from '../../cluster/cluster-cache.js';
import { DocumentPublisher } from '../../documents/document-publisher.js';
import type { ConfigMap, Secret } from '../../kube/core-objects.js';
import { objectKey } from '../../kube/kube-object.js';
import type { Store } from '../../kube/store.js';
import { BucketMemory } from '../bucket-memory.js';
import { BucketQueue } from '../bucket-queue.js';
import { Claims } from '../claims.js';
import { RingUsers } from '../keys/ring-users.js';
import { VanishedBuckets } from './vanished-buckets.js';

/** What is known of S3Buckets, as far as watches change it. */
@Injectable()
export class WatchedBuckets {
  constructor(
    readonly memory: BucketMemory,
    readonly users: RingUsers,
    readonly claims: Claims,
    readonly vanished: VanishedBuckets,
  ) {}
}

/** Turns what watches bring into passes over S3Buckets. */
@Injectable()
export class ClusterNews {
  constructor(
    private readonly cache: ClusterCache,
    private readonly publisher: DocumentPublisher,
    private readonly queue: BucketQueue,
    private readonly buckets: WatchedBuckets,
  ) {}

  /** Begins to follow. */
  follow(): void {
    const { memory, users, claims } = this.buckets;
    for (const bucket of this.cache.s3Buckets.values()) memory.observe(bucket);
    this.cache.s3Buckets.onChange(({ key, after }) => {
      if (after !== undefined) memory.observe(after);
      this.queue.add(key);
    });
    for (const store of [this.cache.appSecrets, this.cache.appConfigMaps] as readonly Store<ConfigMap>[]) {
      store.onChange(({ before, after }) => {
        const { namespace = '', name } = (after ?? before)?.metadata ?? { name: '' };
        this.addAll(users.membersOf({ namespace, secretName: name }));
      });
    }
    this.cache.namespaces.onChange(({ key, before, after }) => {
      if (JSON.stringify(before?.metadata.labels) === JSON.stringify(after?.metadata.labels)) return;
      this.addAll([...this.cache.s3Buckets.values()].filter(({ metadata }) => metadata.namespace === key));
    });
    this.cache.retained.onChange(({ after }) => {
      for (const owner of claims.observeRetained(after)) this.queue.add(objectKey(owner));
    });
    this.followDocuments('mappings', this.cache.mappings);
    this.followDocuments('credentials', this.cache.credentials);
  }

  private followDocuments(kind: DocumentKind, store: Store<ConfigMap> | Store<Secret>): void {
    (store as Store<ConfigMap & Secret>).onChange(({ before, after }) => {
      const name = (after ?? before)?.metadata.name;
      if (name !== undefined) this.publisher.observe(kind, name, after);
    });
  }

  private addAll(buckets: readonly S3Bucket[]): void {
    for (const { metadata } of buckets) this.queue.add(objectKey(metadata));
  }
}
