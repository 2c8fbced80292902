import { Inject, Injectable, Logger } from '@nestjs/common';
import { isKubeError, isRefusal } from '../kube/kube-error.js';
import { CLOCK } from '../kube/kube.tokens.js';
import type { Clock } from '../kube/clock.js';
import { WorkQueue } from '../kube/work-queue.js';
import { OperatorMetrics } from '../observability/operator-metrics.js';

const LOG = new Logger('buckets');

/** Passes that run at once. They wait for the API server and for gateways, hardly for each other. */
const CONCURRENCY = 32;
/** Until something that failed without a pass is tried again, in milliseconds. */
const RETRY_MS = 1000;
/** Between two tries while the API server is away, in milliseconds: nobody tells each S3Bucket that it is back. */
const LONGEST_OUTAGE_RETRY_MS = 5000;
/** The same while it refuses: one that has just started does not know who may do what. */
const LONGEST_REFUSAL_RETRY_MS = 30_000;

/** What a pass asks for. */
export type PassResult = void | { readonly requeueAfterMs: number };

/** S3Buckets that want a pass, by `namespace/name`. Collects while nobody reconciles; only a leader does. */
@Injectable()
export class BucketQueue {
  private reconcile: (key: string) => Promise<PassResult> = () => Promise.resolve();
  private readonly queue: WorkQueue<string>;

  constructor(@Inject(CLOCK) clock: Clock, metrics: OperatorMetrics) {
    const queue = 'buckets';
    this.queue = new WorkQueue<string>({
      reconcile: (key) => this.reconcile(key),
      concurrency: CONCURRENCY,
      clock,
      longestAfter,
      onError: (key, error) => LOG.warn(`${key}: ${error instanceof Error ? error.message : String(error)}`),
      metrics: {
        depth: (depth) => metrics.workqueueDepth.set({ queue }, depth),
        finished: (seconds, result) => {
          metrics.reconciles.inc({ result });
          metrics.reconcileSeconds.observe(seconds);
        },
      },
    });
  }

  /** As soon as possible. */
  add(key: string): void {
    this.queue.add(key);
  }

  /** After a while: something failed outside of a pass. */
  retry(key: string): void {
    this.queue.addAfter(key, RETRY_MS);
  }

  /** Begins to make passes. */
  start(reconcile: (key: string) => Promise<PassResult>): void {
    this.reconcile = reconcile;
    this.queue.start();
  }

  /** Lets passes that run end. */
  async stop(): Promise<void> {
    await this.queue.stop();
  }
}

function longestAfter(error: unknown): number | undefined {
  if (!isKubeError(error)) return undefined;
  if (error.status === 0 || error.status >= 500) return LONGEST_OUTAGE_RETRY_MS;
  return isRefusal(error) ? LONGEST_REFUSAL_RETRY_MS : undefined;
}
