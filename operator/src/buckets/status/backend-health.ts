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

/**
 * Between two tries of a bucket that was found usable, in milliseconds: gateways tell of a whole storage that goes away, and
 * not of a folder that nobody may open any more.
 */
const RELOOK_INTERVAL_MS = 10 * 60_000;
/** The least time for each bucket in it, so that thousands do not ask more often than once a second. */
const RELOOK_SPACING_MS = 1000;

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
  /** When it is to be tried again. */
  readonly dueAt: number;
}

/**
 * Whether a client can use a bucket: a request signed with the bucket's own key, for each change and seldom without one, to
 * every gateway; and all the time what the gateways say of their storages.
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

  /** Milliseconds until a bucket is tried again; undefined where it is being tried, which brings a pass, or was not yet. */
  relookMs(key: string): number | undefined {
    const probed = this.probed.get(key);
    return probed === undefined || this.probing.has(key) ? undefined : Math.max(0, probed.dueAt - this.memory.now());
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
      this.keep(key, { fingerprint, pathPolicy, verdict: known });
    }
    const before = this.probed.get(key);
    const fresh = before?.fingerprint === fingerprint;
    if (fresh && this.memory.now() < before.dueAt) return before.verdict;
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
    const before = this.probed.get(key);
    const { pathPolicy } = granted;
    if (verdict.status !== 'Unknown') this.keep(key, { fingerprint, pathPolicy, verdict });
    // No gateway could be asked, which says nothing of the path.
    else if (before?.fingerprint === fingerprint) this.keep(key, before);
    this.queue.add(key);
  }

  private keep(key: string, probed: Omit<Probed, 'dueAt'>): void {
    // Those that a new leader finds, or that became usable together, spread out.
    const relookMs = Math.max(RELOOK_INTERVAL_MS, this.probed.size * RELOOK_SPACING_MS) * (1 - Math.random() / 2);
    const afterMs = probed.verdict.status === 'True' ? relookMs : PROBE_INTERVAL_MS;
    this.probed.set(key, { ...probed, dueAt: this.memory.now() + afterMs });
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
