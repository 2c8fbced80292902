import { Inject, Injectable } from '@nestjs/common';
import type { S3Bucket } from '@bucketway/contract';
import type { DocumentVersion } from '../gateways/acknowledgement.js';
import type { Clock } from '../kube/clock.js';
import { CLOCK } from '../kube/kube.tokens.js';
import { objectKey } from '../kube/kube-object.js';
import { TokenBucket } from '../kube/token-bucket.js';

/**
 * Reports of what is still on its way. Among thousands of S3Buckets they would take the requests that the S3Buckets need
 * to get there; what nobody writes is said when it is done.
 */
const PROGRESS_REPORTS = { perSecond: 10, burst: 50 };

/** What is remembered of S3Buckets between passes, by `namespace/name`: nothing that a restart may not forget. */
@Injectable()
export class BucketMemory {
  private readonly waiting = new Map<string, DocumentVersion>();
  private readonly changes = new Map<string, { readonly generation: number; readonly at: number }>();
  private readonly unsettled = new Map<string, number>();
  private readonly forgetters: ((key: string) => void)[] = [];
  private readonly progress: TokenBucket;

  constructor(@Inject(CLOCK) private readonly clock: Clock) {
    this.progress = new TokenBucket(PROGRESS_REPORTS, clock);
  }

  /** What whoever remembers more is told when an S3Bucket is gone. */
  onForget(forget: (key: string) => void): void {
    this.forgetters.push(forget);
  }

  /** Milliseconds of a clock that never jumps. */
  now(): number {
    return this.clock.now();
  }

  /** The date and time. */
  wallTime(): Date {
    return this.clock.wallTime();
  }

  /** It waits for gateways to have a version; undefined: for nothing of theirs. */
  awaitGateways(key: string, version: DocumentVersion | undefined): void {
    if (version === undefined) this.waiting.delete(key);
    else this.waiting.set(key, version);
  }

  /** Those that wait for gateways, and for which version. */
  awaitingGateways(): Iterable<readonly [string, DocumentVersion]> {
    return this.waiting;
  }

  /** An S3Bucket as a watch brought it. What was carried out before this process started is no change. */
  observe({ metadata, status }: S3Bucket): void {
    const key = objectKey(metadata);
    const generation = metadata.generation ?? 0;
    if (this.changes.get(key)?.generation === generation || (status?.observedGeneration ?? -1) >= generation) return;
    this.changes.set(key, { generation, at: this.clock.now() });
  }

  /** Milliseconds since a change was seen that is not carried out yet; undefined without one. */
  pendingMs({ metadata }: S3Bucket): number | undefined {
    const seen = this.changes.get(objectKey(metadata));
    return seen === undefined || seen.generation !== metadata.generation ? undefined : this.clock.now() - seen.at;
  }

  /** It is not as asked. @returns milliseconds since it was found so first */
  unsettledMs(key: string): number {
    const since = this.unsettled.get(key);
    if (since === undefined) this.unsettled.set(key, this.clock.now());
    return since === undefined ? 0 : this.clock.now() - since;
  }

  /** Whether a report of something that goes on by itself may be written now. */
  mayTellProgress(): boolean {
    return this.progress.tryTake();
  }

  /** The change was carried out, or cannot be. */
  settle(key: string): void {
    this.changes.delete(key);
    this.unsettled.delete(key);
  }

  /** It is gone. */
  forget(key: string): void {
    this.waiting.delete(key);
    this.changes.delete(key);
    this.unsettled.delete(key);
    for (const forget of this.forgetters) forget(key);
  }
}
