import type { BucketQuota } from '../config/snapshot.js';
import { S3Error } from '../errors/s3-error.js';
import type { ObjectKey } from '../http/object-key.js';
import type { MaybePromise } from '../maybe-promise.js';
import type { ObjectInfo } from '../objects/object-info.js';
import type { Usage } from './bucket-usage.js';
import { quotaExceeded } from './quota-exceeded.js';
import type { UsageLedger } from './usage-ledger.js';

/** What a write would add, and what it replaces, where that is known. */
interface Growth extends Usage {
  readonly replaced: number | undefined;
}

/** The room that the quota of one bucket leaves. */
export class BucketRoom {
  /** @param head what is known of an object, to find out what a write replaces */
  constructor(
    private readonly ledger: UsageLedger,
    private readonly path: string,
    private readonly quota: BucketQuota,
    private readonly head: (key: ObjectKey) => MaybePromise<ObjectInfo>,
  ) {}

  /** Whether the number of bytes decides. */
  get limitsBytes(): boolean {
    return this.quota.mode === 'enforce' && this.quota.maxBytes !== undefined;
  }

  /** Bytes that a write of unknown length may bring. */
  get left(): number {
    return this.ledger.left(this.path, this.quota);
  }

  /** The refusal, noted as one. */
  refuse(): S3Error {
    this.ledger.refused(this.path);
    return quotaExceeded(this.quota);
  }

  /**
   * Whether an object of this size may be written. Only where it seems that it may not, the storage is asked what it replaces.
   *
   * @throws S3Error `QuotaExceeded`
   */
  async require(key: ObjectKey, size: number): Promise<void> {
    const growth = this.fitting(size, this.writtenSize(key)) ?? this.fitting(size, await this.sizeOf(key));
    if (growth === undefined) throw this.refuse();
  }

  /**
   * Runs a write and counts what it made.
   *
   * @param size of what comes; where nobody knows it, anything above 0
   * @throws S3Error `QuotaExceeded` before the write begins
   */
  async write<Made extends ObjectInfo | undefined>(
    key: ObjectKey,
    size: number,
    make: () => Promise<Made>,
  ): Promise<Made> {
    // No turn may pass between the look and the hold: others would look, too, and find the same room.
    const growth = this.fitting(size, this.writtenSize(key)) ?? this.fitting(size, await this.sizeOf(key));
    if (growth === undefined) throw this.refuse();
    const release = this.ledger.reserve(this.path, growth);
    try {
      const made = await make();
      if (made !== undefined) this.ledger.wrote(this.path, key, made.size, growth.replaced);
      return made;
    } finally {
      release();
    }
  }

  /** A key was deleted. */
  deleted(key: ObjectKey): void {
    this.ledger.deleted(this.path, key);
  }

  /** The size of an object as the storage has it; undefined where there is none. */
  async sizeOf(key: ObjectKey): Promise<number | undefined> {
    try {
      return (await this.head(key)).size;
    } catch (error) {
      if (error instanceof S3Error && error.code === 'NoSuchKey') return undefined;
      throw error;
    }
  }

  private writtenSize(key: ObjectKey): number | undefined {
    return this.ledger.writtenSize(this.path, key);
  }

  private fitting(size: number, replaced: number | undefined): Growth | undefined {
    const growth = { size: size - (replaced ?? 0), objects: replaced === undefined ? 1 : 0, replaced };
    const isPermitted = this.quota.mode === 'report' || this.ledger.fits(this.path, this.quota, growth);
    return isPermitted ? growth : undefined;
  }
}
