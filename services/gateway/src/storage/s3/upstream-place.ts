import type { ObjectKey } from '../../http/object-key.js';
import type { TraitsCache } from './traits-cache.js';
import type { UpstreamCalls, UpstreamClient } from './upstream-client.js';
import type { UpstreamKeys } from './upstream-keys.js';

/** Names an object of the upstream, in the SDK's words. */
export interface UpstreamTarget {
  readonly Bucket: string;
  readonly Key: string;
}

/** Where a bucket's objects lie, and how to get there. */
export class UpstreamPlace {
  constructor(
    readonly client: UpstreamClient,
    readonly keys: UpstreamKeys,
    readonly traits: TraitsCache,
    readonly calls: UpstreamCalls,
  ) {}

  /** @throws S3Error `UnsupportedKey`, `KeyTooLongError` */
  target(key: ObjectKey): UpstreamTarget {
    return { Bucket: this.client.options.bucket, Key: this.keys.outer(key) };
  }

  /** @throws S3Error `NoSuchKey` */
  targetToRead(key: ObjectKey): UpstreamTarget {
    return { Bucket: this.client.options.bucket, Key: this.keys.outerToRead(key) };
  }
}
