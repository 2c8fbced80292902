import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { ObjectStore } from '../../objects/object-store.js';
import type { StorageAbilities } from '../storage-abilities.js';
import type { StoragePath } from '../storage-path.js';
import { S3ObjectStore } from './s3-object-store.js';
import type { S3StorageOptions } from './s3-storage-options.js';
import { TraitsCache } from './traits-cache.js';
import { UNWATCHED, UpstreamClient, type UpstreamCalls } from './upstream-client.js';
import { UpstreamKeys } from './upstream-keys.js';
import { UpstreamPlace } from './upstream-place.js';
import type { UpstreamTraits } from './upstream-traits.js';

/** An upstream S3, or a prefix of a bucket of it, as a storage. Nothing is asked of it until it is needed. */
export class S3Storage {
  private readonly client: UpstreamClient;
  private readonly traits: TraitsCache;

  constructor(private readonly options: S3StorageOptions) {
    this.client = new UpstreamClient(options);
    this.traits = new TraitsCache(this.client);
  }

  /** What the upstream was found to do; undefined until it was tried. */
  get known(): UpstreamTraits | undefined {
    return this.traits.known;
  }

  /**
   * @param base folder of the bucket: the keys below `PREFIX/base/`
   * @param calls told of each call of the store
   */
  createStore(base: StoragePath, calls: UpstreamCalls = UNWATCHED): ObjectStore {
    return new S3ObjectStore(
      new UpstreamPlace(this.client, new UpstreamKeys(this.options.prefix, base), this.traits, calls),
    );
  }

  /**
   * One request, which shows that the upstream answers, takes the keys and has the bucket; the first time a few more, which try
   * what it can do.
   *
   * @throws StorageError `unavailable` and others, with a message that says what to change and holds no secret
   */
  async probe(): Promise<void> {
    const { bucket, prefix } = this.options;
    const input = { Bucket: bucket, Prefix: prefix, MaxKeys: 1 };
    await this.client.run(false, () => this.client.calls.send(new ListObjectsV2Command(input)));
    await this.traits.get();
  }

  abilities(): StorageAbilities {
    const known = this.traits.known;
    const exact = known?.createOnly === true && known.ifMatch !== undefined;
    return {
      conditionalWrites: exact ? 'exact' : 'refused',
      replace: 'atomic',
      metadata: 'upstream',
      multipart: 'upstream',
      redirects: this.options.redirectReads ? 'on' : 'off',
    };
  }

  close(): void {
    this.client.close();
  }
}

/** Makes the storage of an upstream S3, without asking it anything. */
export function createS3Storage(options: S3StorageOptions): S3Storage {
  return new S3Storage(options);
}
