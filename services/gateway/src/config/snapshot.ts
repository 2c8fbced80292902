import type { QuotaMode } from '@bucketway/contract';
import type { Identity } from '../auth/identity.js';
import type { Permission } from '../auth/permission.js';
import type { OpenlistOptions } from '../storage/openlist/openlist-options.js';
import type { S3StorageOptions } from '../storage/s3/s3-storage-options.js';
import type { WebdavOptions } from '../storage/webdav/webdav-options.js';

/** What a key may do in a bucket. */
export interface Grant {
  readonly accessKeyId: string;
  readonly permissions: ReadonlySet<Permission>;
  /** Only keys that begin with it; empty for all. */
  readonly prefix: string;
}

/** What anybody may do in a bucket without a signature. */
export type AnonymousAccess = 'none' | 'read' | 'list' | 'read-list';

/** A CORS rule, in S3's terms. */
export interface CorsRule {
  readonly id?: string;
  readonly allowedOrigins: readonly string[];
  readonly allowedMethods: readonly string[];
  readonly allowedHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
  readonly maxAgeSeconds?: number;
}

/** How much a bucket may hold. A bucket with one is measured, also where it sets no limit. */
export interface BucketQuota {
  readonly maxBytes?: number;
  readonly maxObjects?: number;
  readonly mode: QuotaMode;
}

/** A bucket that the configuration or a document maps to a path of the tree. */
export interface BucketMapping {
  readonly name: string;
  /** Absolute, in the tree: `/`, `/team-a/photos`. */
  readonly path: string;
  readonly grants: readonly Grant[];
  readonly anonymous: AnonymousAccess;
  readonly cors?: readonly CorsRule[];
  readonly quota?: BucketQuota;
}

/** Where each folder is a bucket. */
export interface BucketRoot {
  readonly path: string;
  /** Access key ids that may create and delete buckets here. */
  readonly create: ReadonlySet<string>;
}

/** A mounted storage, as configured: exactly one kind, with its secrets. Never logged and never shown whole. */
export type StorageMount =
  | { readonly mount: string; readonly local: LocalStorageOptions }
  | { readonly mount: string; readonly openlist: OpenlistOptions }
  | { readonly mount: string; readonly webdav: WebdavOptions }
  | { readonly mount: string; readonly s3: S3StorageOptions };

export type Durability = 'none' | 'file' | 'directory';

export interface LocalStorageOptions {
  readonly root: string;
  readonly durability: Durability;
  /** `auto` probes for extended attributes. */
  readonly metadata: 'auto' | 'xattr' | 'sidecar';
}

/** Everything that can change while the gateway runs, immutable, replaced whole. */
export interface Snapshot {
  /** Counts the snapshots of this process; in `/status`. */
  readonly generation: number;
  readonly region: string;
  /** Lower case. */
  readonly domains: readonly string[];
  readonly signatureVersions: ReadonlySet<'v4' | 'v2'>;
  readonly storages: readonly StorageMount[];
  /** By access key id: names are a client's, so a Map. */
  readonly identities: ReadonlyMap<string, Identity>;
  readonly buckets: ReadonlyMap<string, BucketMapping>;
  readonly bucketRoot?: BucketRoot;
}
