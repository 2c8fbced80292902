import { Inject, Injectable } from '@nestjs/common';
import type { S3Bucket } from '@bucketway/contract';
import { ClusterCache } from '../../cluster/cluster-cache.js';
import { OperatorConfiguration } from '../../config/operator-configuration.js';
import { GatewayFleet } from '../../gateways/gateway-fleet.js';
import { NO_USAGE } from '../../gateways/usage-report.js';
import type { ReportedUsage, UsageReport } from '../../gateways/usage-report.js';
import type { Clock } from '../../kube/clock.js';
import { CLOCK } from '../../kube/kube.tokens.js';
import { objectKey } from '../../kube/kube-object.js';
import { BucketQueue } from '../bucket-queue.js';
import { describeUsage } from '../status/describe-usage.js';
import { keyUseTime } from '../status/key-use-time.js';

/** S3Buckets a second that answers bring passes to, so that thousands that are written to leave the API server alone. */
const PASSES_A_SECOND = 5;

/** What gateways say of one bucket and of all keys. */
export interface BucketUse {
  /** Undefined where it has no quota, or nobody said anything yet. */
  readonly usage: ReportedUsage | undefined;
  readonly keys: UsageReport['keys'];
}

/** Asks the gateways from time to time how full buckets are and which keys are in use, and brings passes to those of which that is news. */
@Injectable()
export class UsageNews {
  private latest: UsageReport = NO_USAGE;
  private cancel: () => void = () => undefined;
  private stopped = false;

  constructor(
    private readonly cache: ClusterCache,
    private readonly fleet: GatewayFleet,
    private readonly queue: BucketQueue,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(OperatorConfiguration) private readonly configuration: Pick<OperatorConfiguration, 'usageIntervalSeconds'>,
  ) {}

  /** Begins to ask. */
  follow(): void {
    void this.look();
  }

  stop(): void {
    this.stopped = true;
    this.cancel();
  }

  useOf(bucketName: string): BucketUse {
    const { buckets, keys } = this.latest;
    return { usage: buckets.get(bucketName), keys };
  }

  private async look(): Promise<void> {
    const { usageIntervalSeconds } = this.configuration;
    this.latest = await this.fleet.usage();
    if (this.stopped) return;
    const news = [...this.cache.s3Buckets.values()].filter((bucket) => this.isNews(bucket));
    const urgentFirst = news.toSorted((a, b) => this.urgency(b) - this.urgency(a));
    for (const { metadata } of urgentFirst.slice(0, PASSES_A_SECOND * usageIntervalSeconds))
      this.queue.add(objectKey(metadata));
    this.cancel = this.clock.setTimeout(() => void this.look(), usageIntervalSeconds * 1000);
  }

  private isNews(bucket: S3Bucket): boolean {
    const { bucketName, usage: before, credentials } = bucket.status ?? {};
    const isLeftAlone = bucket.spec.suspend === true || bucket.metadata.deletionTimestamp !== undefined;
    if (bucketName === undefined || isLeftAlone) return false;
    const { usage, keys } = this.useOf(bucketName);
    if (usage !== undefined && (this.isTurn(bucket) || describeUsage(before, usage) !== before)) return true;
    const known = credentials?.keys ?? [];
    return known.some(({ accessKeyId, lastUsedTime }) => {
      return keyUseTime(lastUsedTime, keys.get(accessKeyId)) !== lastUsedTime;
    });
  }

  /** A quota that is exceeded, or no longer is, comes first, and then what was not said for the longest time. */
  private urgency(bucket: S3Bucket): number {
    return this.isTurn(bucket) ? Infinity : -Date.parse(bucket.status?.usage?.observedAt ?? '1970-01-01T00:00:00Z');
  }

  private isTurn({ status }: S3Bucket): boolean {
    const { usage } = this.useOf(status?.bucketName ?? '');
    const said = status?.conditions?.some(({ type, status: is }) => type === 'QuotaExceeded' && is === 'True') ?? false;
    return usage !== undefined && usage.exceeded !== said;
  }
}
