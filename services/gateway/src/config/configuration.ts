import type { Identity } from '../auth/identity.js';
import type { BucketMapping, BucketRoot, StorageMount } from './snapshot.js';

/** Where to listen. */
export interface ListenAddress {
  /** A name or an address; IPv6 without brackets. */
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
}

/** A certificate and its key, in PEM. */
export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
}

/** Where the access log goes. */
export type AccessLogTarget =
  { readonly to: 'off' } | { readonly to: 'stdout' } | { readonly to: 'file'; readonly path: string };

/** What an administrator decided, checked and resolved: defaults filled in, files read, paths absolute. */
export interface Configuration {
  readonly listen: ListenAddress;
  /** undefined: no admin port. */
  readonly admin: ListenAddress | undefined;
  /** Processes that serve S3. */
  readonly workers: number;
  readonly tls: TlsMaterial | undefined;
  readonly accessLog: AccessLogTarget;
  readonly shutdownGraceSeconds: number;
  /** Between two counts of the objects of a bucket with a quota. */
  readonly usageIntervalSeconds: number;
  readonly region: string;
  readonly domains: readonly string[];
  readonly signatureVersions: ReadonlySet<'v4' | 'v2'>;
  readonly storages: readonly StorageMount[];
  readonly identities: ReadonlyMap<string, Identity>;
  readonly buckets: ReadonlyMap<string, BucketMapping>;
  readonly bucketRoot: BucketRoot | undefined;
  /** Folders that hold documents; absolute. */
  readonly documents: readonly string[];
  /** Every file that the configuration was read from, itself included; absolute. */
  readonly files: readonly string[];
}
