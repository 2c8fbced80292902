import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Access } from '../auth/access.js';
import type { Principal } from '../auth/identity.js';
import { SnapshotStore } from '../config/snapshot-store.js';
import type { BucketMapping, Snapshot } from '../config/snapshot.js';
import { S3Error } from '../errors/s3-error.js';
import { isBucketName, type BucketName } from '../http/bucket-name.js';
import type { MaybePromise } from '../maybe-promise.js';
import { BucketRootFolders } from './bucket-root-folders.js';
import { BucketStateStore } from './bucket-state-store.js';
import { BucketStores } from './bucket-stores.js';
import { Buckets, type Bucket, type ListedBucket } from './buckets.js';
import { LocatedBucket, RECENT_MS } from './located-bucket.js';
import type { MultipartStore } from './multipart-store.js';
import { toS3Error } from './to-s3-error.js';

const ALL_UPLOADS = { prefix: '', delimiter: '', keyMarker: '', uploadIdMarker: '', limit: 1000 };

interface RecentBucket {
  readonly bucket: Bucket;
  readonly snapshot: Snapshot;
  readonly foundAt: number;
}

/** The buckets of the snapshot in force: those that it maps, and the folders of its bucket root. */
@Injectable()
export class ConfiguredBuckets extends Buckets {
  private readonly recent = new LRUCache<BucketName, RecentBucket>({ max: 1000 });

  constructor(
    private readonly snapshots: SnapshotStore,
    private readonly stores: BucketStores,
    private readonly root: BucketRootFolders,
    private readonly states: BucketStateStore,
    private readonly access: Access,
  ) {
    super();
  }

  findRecent(name: BucketName): MaybePromise<Bucket> {
    const known = this.recent.get(name);
    if (known?.snapshot === this.snapshots.current && performance.now() - known.foundAt < RECENT_MS)
      return known.bucket;
    return this.find(name);
  }

  async find(name: BucketName): Promise<Bucket> {
    const snapshot = this.snapshots.current;
    const foundAt = performance.now();
    this.recent.delete(name);
    const bucket = await this.locate(snapshot, name);
    this.recent.set(name, { bucket, snapshot, foundAt });
    return bucket;
  }

  private async locate(snapshot: Snapshot, name: BucketName): Promise<Bucket> {
    const mapping = snapshot.buckets.get(name);
    if (mapping) {
      return new LocatedBucket(name, mapping, this.stores.of(mapping), {
        stateFile: this.states.of(name, mapping.path),
      });
    }
    try {
      const found = await this.root.find(snapshot, name);
      if (found) {
        const { stateFile, state, mounted } = found;
        const store = this.stores.of(found.mapping, !mounted);
        if (mounted) return new LocatedBucket(name, found.mapping, store, { stateFile });
        const lookAgain = (): Promise<void> => this.root.confirm(snapshot, name, state);
        return new LocatedBucket(name, found.mapping, store, { stateFile, state, lookAgain });
      }
    } catch (error) {
      throw toS3Error(error);
    }
    throw new S3Error('NoSuchBucket', { details: { BucketName: name } });
  }

  async list(principal: Principal): Promise<readonly ListedBucket[]> {
    const snapshot = this.snapshots.current;
    const visible: BucketMapping[] = [];
    for (const mapping of snapshot.buckets.values()) {
      if (this.access.hasGrant(principal, mapping)) visible.push(mapping);
    }
    for (const name of await this.root.names(snapshot)) {
      const found = snapshot.buckets.has(name) ? undefined : await this.root.find(snapshot, name);
      if (found && this.access.hasGrant(principal, found.mapping)) visible.push(found.mapping);
    }
    const listed: ListedBucket[] = [];
    for (const { name, path } of visible) {
      if (isBucketName(name)) listed.push({ name, createdAt: await this.states.createdAt(name, path) });
    }
    return listed.sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  async create(name: BucketName, principal: Principal): Promise<void> {
    const snapshot = this.snapshots.current;
    const refuseTaken = ({ mapping }: { mapping: BucketMapping }): never => {
      const own = this.access.allows(principal, mapping, 'admin');
      throw new S3Error(own ? 'BucketAlreadyOwnedByYou' : 'BucketAlreadyExists', { details: { BucketName: name } });
    };
    const mapping = snapshot.buckets.get(name);
    if (mapping) refuseTaken({ mapping });
    await this.root.create(snapshot, name, principal, refuseTaken);
  }

  async delete(name: BucketName, principal: Principal): Promise<void> {
    const snapshot = this.snapshots.current;
    const bucket = await this.find(name);
    this.access.require(principal, bucket.mapping, 'admin');
    if (snapshot.buckets.has(name)) {
      throw new S3Error('AccessDenied', {
        message: 'This bucket is mapped by the configuration and can only be removed there.',
      });
    }
    try {
      await this.root.delete(snapshot, name, principal, async () => {
        const { entries } = await bucket.store.list({ prefix: '', delimiter: '', startAfter: '', limit: 1 });
        if (entries.length > 0) throw new S3Error('BucketNotEmpty', { details: { BucketName: name } });
        await abortUploads(bucket.store.multipart);
      });
    } finally {
      this.recent.delete(name);
    }
  }
}

/** Uploads that nobody can go on with: left alone, they would be those of the next bucket of this name. */
async function abortUploads(multipart: MultipartStore): Promise<void> {
  for (;;) {
    const { entries, truncated } = await multipart.listUploads(ALL_UPLOADS);
    for (const entry of entries) {
      if (entry.kind === 'upload') await multipart.abort(entry.upload.key, entry.upload.uploadId);
    }
    if (!truncated) return;
  }
}
