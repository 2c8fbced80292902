import { Injectable, Logger } from '@nestjs/common';
import { ClusterCache } from '../cluster/cluster-cache.js';
import { DocumentPublisher } from '../documents/document-publisher.js';
import { BucketQueue } from './bucket-queue.js';
import type { PassResult } from './bucket-queue.js';
import { BucketReconciler } from './bucket-reconciler.js';
import { AuthorityNews } from './news/authority-news.js';
import { ClusterNews } from './news/cluster-news.js';
import { GatewayNews } from './news/gateway-news.js';
import { TakeOver } from './take-over.js';
import { UsageNews } from './news/usage-news.js';

/** Passes of an S3Bucket that may fail before lost documents are written without it. */
const FIRST_TRIES = 8;

/** What brings passes. */
@Injectable()
export class BucketNews {
  constructor(
    readonly takeOver: TakeOver,
    readonly cluster: ClusterNews,
    readonly gateways: GatewayNews,
    readonly usage: UsageNews,
    readonly authority: AuthorityNews,
  ) {}
}

/** Makes passes over S3Buckets while this replica leads. */
@Injectable()
export class BucketController {
  private readonly log = new Logger('buckets');
  /** S3Buckets that had no pass since this replica leads, and how many may fail until they are given up. */
  private unseen: Map<string, number> | undefined;

  constructor(
    private readonly cache: ClusterCache,
    private readonly publisher: DocumentPublisher,
    private readonly news: BucketNews,
    private readonly reconciler: BucketReconciler,
    private readonly queue: BucketQueue,
  ) {}

  /** Takes over: what is stored first, then who may have what, then a pass over every S3Bucket. */
  async start(): Promise<void> {
    const keys = await this.news.takeOver.run();
    this.unseen = new Map([...keys].map((key) => [key, FIRST_TRIES]));
    this.news.cluster.follow();
    // What gateways have is not known before: every S3Bucket would be told that it waits for them.
    await this.news.gateways.follow();
    // What passes hand on must not be of the time when this replica began to wait.
    this.news.authority.follow();
    for (const key of keys) this.queue.add(key);
    this.queue.start((key) => this.pass(key));
    this.news.usage.follow();
    this.settleOnceSeen();
  }

  /** Lets passes that run end, and writes nothing any more. */
  async stop(): Promise<void> {
    this.news.usage.stop();
    this.news.authority.stop();
    await this.queue.stop();
    this.publisher.stop();
  }

  private async pass(key: string): Promise<PassResult> {
    this.log.debug(`pass over ${key}`);
    try {
      const result = await this.reconciler.reconcile(key, this.cache.s3Buckets.get(key));
      this.see(key, FIRST_TRIES);
      return result;
    } catch (error) {
      this.see(key, 1);
      throw error;
    }
  }

  private see(key: string, tries: number): void {
    const left = (this.unseen?.get(key) ?? 0) - tries;
    if (left > 0) this.unseen?.set(key, left);
    else this.unseen?.delete(key);
    this.settleOnceSeen();
  }

  // Documents that were lost while no operator ran are written again once they can be whole. One S3Bucket whose passes
  // fail must not keep all others of its document from coming back.
  private settleOnceSeen(): void {
    if (this.unseen === undefined || this.unseen.size > 0) return;
    this.unseen = undefined;
    const { isSettled } = this.publisher;
    this.publisher.settle();
    if (!isSettled) for (const key of this.cache.s3Buckets.keys()) this.queue.add(key);
    this.reconciler
      .sweep()
      .catch((error: unknown) => this.log.warn(`keys of nobody are still there: ${String(error)}`));
  }
}
