import type { S3BucketPathPolicy } from '@bucketway/contract';
import { Injectable } from '@nestjs/common';
import type { KeyRecord } from '../../credentials/key-ring-entry.js';
import type { PublishedRevision } from '../../documents/published-revision.js';
import type { ProbeResult } from '../../gateways/bucket-probe.js';
import { findOutage } from '../../gateways/find-outage.js';
import { GatewayFleet } from '../../gateways/gateway-fleet.js';
import type { PolicyAcceptance } from '../../policy/decision.js';
import { BucketMemory } from '../bucket-memory.js';
import { BucketQueue } from '../bucket-queue.js';
import { fails, holds, unknown } from '../verdict.js';
import type { Verdict } from '../verdict.js';

/** Between two tries of a bucket that a probe found unusable, in milliseconds. */
export const PROBE_INTERVAL_MS = 5000;

const REASONS = {
  gateway: 'BackendUnavailable',
  storage: 'BackendUnavailable',
  timeout: 'BackendTimeout',
  missing: 'PathMissing',
  occupied: 'PathNotEmpty',
} as const;

interface Probed {
  /** What was tried; another one is tried anew. */
  readonly fingerprint: string;
  readonly pathPolicy: S3BucketPathPolicy;
  readonly verdict: Verdict;
  readonly at: number;
}

/**
 * Whether a client can use a bucket: a request signed with the bucket's own key, once for each change, to every gateway;
 * and from then on what the gateways say of their storages.
 */
@Injectable()
export class BackendHealth {
  private readonly probed = new Map<string, Probed>();
  /** What is being tried, by S3Bucket. */
  private readonly probing = new Map<string, string>();

  constructor(
    private readonly fleet: GatewayFleet,
    private readonly memory: BucketMemory,
    private readonly queue: BucketQueue,
  ) {
    memory.onForget((key) => {
      this.probed.delete(key);
      this.probing.delete(key);
    });
  }

  /** Whether the path of an S3Bucket that must be empty was found so. */
  foundEmpty(key: string): boolean {
    const probed = this.probed.get(key);
    return probed?.pathPolicy === 'MustBeEmpty' && probed.verdict.status === 'True';
  }

  /**
   * What is known now. A try that is due is made meanwhile, and brings the next pass.
   *
   * @param key the S3Bucket
   * @param since the version of the mapping that all gateways have
   * @param known what was found out before this process began, where it still counts
   */
  judge(
    key: string,
    granted: PolicyAcceptance,
    since: PublishedRevision,
    pair: KeyRecord | undefined,
    known: Verdict | undefined,
  ): Verdict {
    const outage = findOutage(this.fleet.reports(), granted.path);
    if (outage !== undefined) {
      this.probed.delete(key);
      const { storage, pod } = outage;
      const why = storage.detail ?? 'no reason given';
      return fails(
        'BackendUnavailable',
        `The ${storage.kind} storage at ${storage.mount} is away (pod ${pod}): ${why}`,
      );
    }
    const { pathPolicy } = granted;
    if (pair === undefined && pathPolicy === 'MustBeEmpty') {
      return unknown('NotProbed', 'The path is looked at once gateways know the key.');
    }
    if (pair === undefined && granted.anonymous === 'None') {
      return holds('PathReachable', 'The storage answers. No key was asked for, so no request was tried.');
    }
    // One id may get another secret, and another serial with it.
    const asker = pair === undefined ? ['anonymous'] : [pair.accessKeyId, pair.serial];
    const fingerprint = [pathPolicy, since.kind, since.shard, since.revision, ...asker].join(' ');
    if (known !== undefined && !this.probed.has(key) && !this.probing.has(key)) {
      this.probed.set(key, { fingerprint, pathPolicy, verdict: known, at: this.memory.now() });
    }
    const before = this.probed.get(key);
    const fresh = before?.fingerprint === fingerprint;
    if (fresh && before.verdict.status === 'True') return before.verdict;
    if (fresh && this.memory.now() - before.at < PROBE_INTERVAL_MS) return before.verdict;
    if (this.probing.get(key) !== fingerprint) void this.try(key, fingerprint, granted, pair);
    return fresh ? before.verdict : unknown('NotProbed', 'A request with the key of the bucket is under way.');
  }

  private async try(
    key: string,
    fingerprint: string,
    granted: PolicyAcceptance,
    pair: KeyRecord | undefined,
  ): Promise<void> {
    this.probing.set(key, fingerprint);
    const verdict = await this.ask(granted, pair);
    // What it should be may have changed meanwhile.
    if (this.probing.get(key) !== fingerprint) return;
    this.probing.delete(key);
    if (verdict.status !== 'Unknown') {
      const { pathPolicy } = granted;
      this.probed.set(key, { fingerprint, pathPolicy, verdict, at: this.memory.now() });
    }
    this.queue.add(key);
  }

  private async ask({ bucketName, pathPolicy }: PolicyAcceptance, pair: KeyRecord | undefined): Promise<Verdict> {
    const pods = this.fleet.readyPods();
    if (pods.length === 0) return unknown('NotProbed', 'No gateway is ready to be asked.');
    const results = await Promise.all(pods.map((pod) => this.fleet.probe.ask(pod, bucketName, pair, pathPolicy)));
    const unusable = results.find((result): result is Extract<ProbeResult, { usable: false }> => !result.usable);
    if (unusable === undefined) {
      return holds(
        'PathReachable',
        `${pair === undefined ? 'An anonymous' : 'A signed'} request to the bucket succeeded on ${pods.length} of ${pods.length} gateways.`,
      );
    }
    return fails(REASONS[unusable.fault], unusable.message);
  }
}
