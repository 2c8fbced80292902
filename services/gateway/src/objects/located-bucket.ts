import type { BucketMapping } from '../config/snapshot.js';
import type { MaybePromise } from '../maybe-promise.js';
import { S3Error } from '../errors/s3-error.js';
import type { BucketName } from '../http/bucket-name.js';
import type { BucketState } from './bucket-state.js';
import type { BucketStateFile } from './bucket-state-file.js';
import type { Bucket, BucketSettings } from './buckets.js';
import type { ObjectStore } from './object-store.js';

/** A bucket as one request works on it: its settings are read once at most. */
export class LocatedBucket implements Bucket {
  /**
   * @param stateFile where its state is kept; undefined where its storage can keep none
   * @param state if it was read already
   */
  constructor(
    readonly name: BucketName,
    readonly mapping: BucketMapping,
    readonly store: ObjectStore,
    private readonly stateFile: BucketStateFile | undefined,
    private state?: BucketState | undefined,
  ) {}

  settings(): MaybePromise<BucketSettings> {
    return this.state ? this.withOwn(this.state) : this.readSettings();
  }

  async changeSettings(change: Parameters<Bucket['changeSettings']>[0]): Promise<void> {
    if (!this.stateFile) {
      throw new S3Error('NotImplemented', { message: 'The storage of this bucket cannot keep bucket settings.' });
    }
    await this.stateFile.change((before) => withoutUndefined({ ...before, ...change }));
    this.state = undefined;
  }

  private async readSettings(): Promise<BucketSettings> {
    this.state = (await this.stateFile?.read()) ?? {};
    return this.withOwn(this.state);
  }

  private withOwn(state: BucketState): BucketSettings {
    const { cors } = this.mapping;
    return cors ? { ...state, cors } : state;
  }
}

function withoutUndefined(settings: { [K in keyof BucketSettings]: BucketSettings[K] | undefined }): BucketState {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}
