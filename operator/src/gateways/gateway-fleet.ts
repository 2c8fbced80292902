import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { Acknowledgement, DocumentVersion, ReportingPod } from './acknowledgement.js';
import { BucketClient } from './bucket-client.js';
import { BucketProbe } from './bucket-probe.js';
import type { GatewayPod } from './gateway-pod.js';
import { GatewayMonitor } from './gateway-monitor.js';
import { GatewayNudger } from './gateway-nudger.js';
import type { GrantedKeys } from './granted-keys.js';
import { SignedRequests } from './signed-requests.js';
import { mergeUsageReports, NO_USAGE } from './usage-report.js';
import type { UsageReport } from './usage-report.js';

/** All gateways: what they have, how to make them take up what is new, and how to use a bucket through them. */
@Injectable()
export class GatewayFleet implements OnApplicationShutdown {
  constructor(
    private readonly monitor: GatewayMonitor,
    private readonly nudger: GatewayNudger,
    private readonly requests: SignedRequests,
    readonly probe: BucketProbe,
    readonly client: BucketClient,
  ) {}

  /** A version was stored: makes the gateways take it up, and asks them whether they did. */
  announce(version: DocumentVersion): void {
    if (this.monitor.expect(version)) this.nudger.nudge();
    else this.nudger.remind();
  }

  /** How far the gateways are with these versions. */
  judge(versions: readonly DocumentVersion[]): Acknowledgement {
    return this.monitor.judge(versions);
  }

  /** Gateways that run, with what they said last. */
  reports(): readonly ReportingPod[] {
    return this.monitor.reports();
  }

  /** Which keys a gateway lets in, by shard of the mappings. @throws Error where it does not say */
  async grantedKeys(pod: GatewayPod): Promise<ReadonlyMap<number, GrantedKeys>> {
    return await this.monitor.grantedKeys(pod);
  }

  /** How full buckets are and when keys were used, as far as gateways that clients are sent to say so: those of before do not. */
  async usage(): Promise<UsageReport> {
    const asked = this.readyPods().map((pod) => this.monitor.usage(pod).catch(() => NO_USAGE));
    return mergeUsageReports(await Promise.all(asked));
  }

  /** Those that clients are sent to. */
  readyPods(): readonly GatewayPod[] {
    return this.monitor.readyPods();
  }

  /** Says which pods there are. */
  update(pods: readonly GatewayPod[]): void {
    this.monitor.update(pods);
  }

  /** Resolves when every gateway was asked once, at the latest after `patienceMs`. */
  async asked(patienceMs: number): Promise<void> {
    await this.monitor.asked(patienceMs);
  }

  /** Told whenever a gateway comes, goes, becomes ready or says something new. */
  onChange(listener: () => void): void {
    this.monitor.onChange(listener);
  }

  async onApplicationShutdown(): Promise<void> {
    this.nudger.stop();
    await this.monitor.stop();
    await this.requests.close();
  }
}
