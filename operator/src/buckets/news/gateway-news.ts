import { Injectable } from '@nestjs/common';
import { ClusterCache } from '../../cluster/cluster-cache.js';
import type { DocumentVersion } from '../../gateways/acknowledgement.js';
import { GatewayFleet } from '../../gateways/gateway-fleet.js';
import { toGatewayPod } from '../../gateways/gateway-pod.js';
import { BucketMemory } from '../bucket-memory.js';
import { BucketQueue } from '../bucket-queue.js';
import { ForgottenPast } from './forgotten-past.js';

/** How long a new leader waits for the first answers of gateways, in milliseconds. */
const FIRST_ANSWERS_MS = 2000;

/** Turns what gateways say into passes: over what waits for them, and over everything when pods or storages come and go. */
@Injectable()
export class GatewayNews {
  private shape = '';

  constructor(
    private readonly cache: ClusterCache,
    private readonly fleet: GatewayFleet,
    private readonly past: ForgottenPast,
    private readonly queue: BucketQueue,
    private readonly memory: BucketMemory,
  ) {}

  /**
   * Begins to follow the gateway pods. Resolves when every gateway that runs was asked once, or did not answer for a
   * while, and what they know of a past that is not stored was taken into account.
   */
  async follow(): Promise<void> {
    this.past.begin();
    const update = (): void => {
      this.fleet.update([...this.cache.gatewayPods.values()].map(toGatewayPod).filter((pod) => pod !== undefined));
    };
    this.cache.gatewayPods.onChange(update);
    this.fleet.onChange(() => this.look());
    update();
    await this.fleet.asked(FIRST_ANSWERS_MS);
    await this.past.recalled();
  }

  private look(): void {
    this.past.look();
    const shape = this.describe();
    if (shape === this.shape) this.wakeWaiting();
    else for (const key of this.cache.s3Buckets.keys()) this.queue.add(key);
    this.shape = shape;
  }

  private wakeWaiting(): void {
    // Thousands wait for a few versions.
    const isNews = new Map<string, boolean>();
    for (const [key, version] of this.memory.awaitingGateways()) {
      const name = `${version.kind} ${version.shard} ${version.revision} ${version.hash ?? ''}`;
      let news = isNews.get(name);
      if (news === undefined) isNews.set(name, (news = this.isNews(version)));
      if (news) this.queue.add(key);
    }
  }

  private isNews(version: DocumentVersion): boolean {
    const { waiting, rejected } = this.fleet.judge([version]);
    return waiting.length === 0 || rejected !== undefined;
  }

  /** What S3Buckets depend on besides: who is ready, which storages are away, and which buckets gateways leave out. */
  private describe(): string {
    return JSON.stringify(
      this.fleet
        .reports()
        .map(({ pod, report }) => [
          pod.uid,
          pod.ready,
          report?.storages.map(({ mount, available, detail }) => [mount, available, available ? '' : detail]),
          [...(report?.documents.values() ?? [])].map(({ leftOut = [] }) => [...leftOut]),
        ]),
    );
  }
}
