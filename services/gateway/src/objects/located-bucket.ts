import type { BucketMapping } from '../config/snapshot.js';
import type { MaybePromise } from '../maybe-promise.js';
import { S3Error } from '../errors/s3-error.js';
import type { BucketName } from '../http/bucket-name.js';
import type { BucketState } from './bucket-state.js';
import type { BucketStateFile } from './bucket-state-file.js';
import type { Bucket, BucketSettings } from './buckets.js';
import type { ObjectStore } from './object-store.js';

/** What is kept of a bucket, and how it is found again. */
export interface BucketOwn {
  /** Where its state is kept; undefined where its storage can keep none. */
  readonly stateFile: BucketStateFile | undefined;
  /** Its state, if it was read already. */
  readonly state?: BucketState;
  /** Throws where it is not this bucket any more; undefined where only another configuration takes it away. */
  readonly lookAgain?: () => Promise<void>;
}

/** For so long, in milliseconds, a bucket that was found is taken to be there. */
export const RECENT_MS = 20;

/** A bucket as one request works on it: its settings are read once at most. */
export class LocatedBucket implements Bucket {
  private readonly foundAt = performance.now();
  private state: BucketState | undefined;

  constructor(
    readonly name: BucketName,
    readonly mapping: BucketMapping,
    readonly store: ObjectStore,
    private readonly own: BucketOwn,
  ) {
    this.state = own.state;
  }

  confirm(heldBack: boolean): MaybePromise<void> {
    const { lookAgain } = this.own;
    if (lookAgain !== undefined && (heldBack || performance.now() - this.foundAt > RECENT_MS)) return lookAgain();
  }

  settings(): MaybePromise<BucketSettings> {
    return this.state ? this.withOwn(this.state) : this.readSettings();
  }

  async changeSettings(change: Parameters<Bucket['changeSettings']>[0]): Promise<void> {
    if (!this.own.stateFile) {
      throw new S3Error('NotImplemented', { message: 'The storage of this bucket cannot keep bucket settings.' });
    }
    await this.own.stateFile.change((before) => withoutUndefined({ ...before, ...change }));
    this.state = undefined;
  }

  private async readSettings(): Promise<BucketSettings> {
    this.state = (await this.own.stateFile?.read()) ?? {};
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
