import type { BucketQuota } from '../config/snapshot.js';
import { S3Error } from '../errors/s3-error.js';
import type { ObjectKey } from '../http/object-key.js';
import type { MaybePromise } from '../maybe-promise.js';
import type { PartInfo } from '../objects/multipart-store.js';
import type { ObjectInfo } from '../objects/object-info.js';
import type { Usage } from './bucket-usage.js';
import { quotaExceeded } from './quota-exceeded.js';
import type { UsageLedger } from './usage-ledger.js';

/** A part of an upload that is under way. */
export interface RoomOfPart {
  /** No other part has it, and no key. */
  readonly name: string;
  /** The size of the part as the storage has it; undefined where there is none. */
  sizeOf(): MaybePromise<number | undefined>;
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
   * @param parts what the parts of an upload take that the object is made of, and that the caller says are {@link freed} then
   * @throws S3Error `QuotaExceeded` before the write begins
   */
  async write<Made extends ObjectInfo | undefined>(
    key: ObjectKey,
    size: number,
    make: () => Promise<Made>,
    parts = 0,
  ): Promise<Made> {
    const added = size - parts;
    // No turn may pass between the look and the hold: others would look, too, and find the same room.
    const fitting = this.fitting(added, this.writtenSize(key));
    const found = fitting === undefined ? await this.sizeOf(key) : undefined;
    const growth = fitting ?? this.fitting(added, found);
    if (growth === undefined) throw this.refuse();
    return await this.hold(growth, async () => {
      const made = await make();
      // As it is now: other writes of the key may have ended since, and what they replaced is not there a second time.
      if (made !== undefined) this.ledger.wrote(this.path, key, made.size, this.writtenSize(key) ?? found);
      return made;
    });
  }

  /** Runs the write of a part. @throws S3Error `QuotaExceeded` before the write begins */
  async writePart<Made extends PartInfo | undefined>(
    part: RoomOfPart,
    size: number,
    make: () => Promise<Made>,
  ): Promise<Made> {
    const fitting = this.fittingPart(size, this.writtenSize(part.name));
    const found = fitting === undefined ? await part.sizeOf() : undefined;
    const growth = fitting ?? this.fittingPart(size, found);
    if (growth === undefined) throw this.refuse();
    return await this.hold(growth, async () => {
      const made = await make();
      if (made !== undefined) {
        this.ledger.wrotePart(this.path, part.name, made.size, this.writtenSize(part.name) ?? found);
      }
      return made;
    });
  }

  /** An upload has ended, with parts of so many bytes. @param name no other upload has it, and no key */
  freed(name: string, bytes: number): void {
    this.ledger.freed(this.path, name, bytes);
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

  private writtenSize(name: string): number | undefined {
    return this.ledger.writtenSize(this.path, name);
  }

  private fitting(size: number, replaced: number | undefined): Usage | undefined {
    return this.permitted({ size: size - (replaced ?? 0), objects: replaced === undefined ? 1 : 0 });
  }

  private fittingPart(size: number, replaced: number | undefined): Usage | undefined {
    return this.permitted({ size: size - (replaced ?? 0), objects: 0 });
  }

  private permitted(growth: Usage): Usage | undefined {
    const isPermitted = this.quota.mode === 'report' || this.ledger.fits(this.path, this.quota, growth);
    return isPermitted ? growth : undefined;
  }

  private async hold<T>(growth: Usage, action: () => Promise<T>): Promise<T> {
    const release = this.ledger.reserve(this.path, growth);
    try {
      return await action();
    } finally {
      release();
    }
  }
}
