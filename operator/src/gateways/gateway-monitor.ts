import { Agent } from 'undici';
import type { Clock } from '../kube/clock.js';
import { hasVersion, judgeAcknowledgement } from './acknowledgement.js';
import type { Acknowledgement, DocumentVersion, ReportingPod } from './acknowledgement.js';
import { urlHost } from './gateway-pod.js';
import type { GatewayPod } from './gateway-pod.js';
import { documentKey, parseGatewayReport, sameReport } from './gateway-report.js';
import type { GatewayReport } from './gateway-report.js';
import { parseGrantedKeys } from './granted-keys.js';
import type { GrantedKeys } from './granted-keys.js';
import { parseUsageReport } from './usage-report.js';
import type { UsageReport } from './usage-report.js';

/** Between two questions to a gateway that should have something new: from, up to, in milliseconds. */
const FAST_MS = 40;
const SLOWEST_WAIT_MS = 1000;
const SLOWING = 1.2;
/** Between two questions to a gateway that has everything, in milliseconds. */
const IDLE_MS = 10_000;
const ANSWER_TIMEOUT_MS = 5000;
/** The most bytes of an answer: some 200 a document, or some 50 a key. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** A gateway that is asked again and again. */
interface Watched {
  pod: GatewayPod;
  report: GatewayReport | undefined;
  /** Why the last question got no answer. */
  failure: string | undefined;
  waitMs: number;
  asking: boolean;
  cancel: () => void;
}

/** Told whenever a gateway comes, goes, becomes ready or says something new. */
export type MonitorListener = () => void;

/**
 * Knows what every gateway has in force: asks `/status` of each, quickly while one lacks a version that somebody waits
 * for, and seldom otherwise.
 */
export class GatewayMonitor {
  private readonly watched = new Map<string, Watched>();
  private readonly wanted = new Map<string, DocumentVersion>();
  private readonly listeners = new Set<MonitorListener>();
  private readonly agent = new Agent({ connect: { timeout: ANSWER_TIMEOUT_MS }, maxResponseSize: MAX_ANSWER_BYTES });
  private stopped = false;

  constructor(
    private readonly adminPort: number,
    private readonly clock: Clock,
  ) {}

  onChange(listener: MonitorListener): void {
    this.listeners.add(listener);
  }

  /** Says which pods there are. */
  update(pods: readonly GatewayPod[]): void {
    const named = new Map(pods.map((pod) => [pod.uid, pod]));
    for (const [uid, watched] of this.watched) {
      if (named.has(uid)) continue;
      watched.cancel();
      this.watched.delete(uid);
    }
    for (const pod of pods) {
      const known = this.watched.get(pod.uid);
      if (known === undefined) this.begin(pod);
      else if (known.pod.address !== pod.address || known.pod.ready !== pod.ready) {
        known.pod = pod;
        // It became ready because it has what it found: ask what that is before anybody is told.
        this.schedule(known, 0);
      }
    }
    this.tell();
  }

  /** Asks quickly until every gateway has this version or a later one. @returns false where that was so already */
  expect(version: DocumentVersion): boolean {
    const key = documentKey(version.kind, version.shard);
    const before = this.wanted.get(key);
    if (before !== undefined && before.revision >= version.revision) return false;
    this.wanted.set(key, version);
    for (const watched of this.watched.values()) {
      if (hasVersion(watched.report, version)) continue;
      watched.waitMs = FAST_MS;
      this.schedule(watched, FAST_MS);
    }
    return true;
  }

  /** How far the gateways are with these versions. */
  judge(versions: readonly DocumentVersion[]): Acknowledgement {
    return judgeAcknowledgement(this.watched.values(), versions);
  }

  /** The gateways that clients are sent to. */
  readyPods(): readonly GatewayPod[] {
    return [...this.watched.values()].filter(({ pod }) => pod.ready).map(({ pod }) => pod);
  }

  /** All gateways that run, with what they said last. */
  reports(): readonly ReportingPod[] {
    return [...this.watched.values()];
  }

  /** Gateways that run and lack a version that was asked for. */
  lagging(): readonly GatewayPod[] {
    return [...this.watched.values()].filter((watched) => this.lags(watched)).map(({ pod }) => pod);
  }

  /** Resolves when every gateway answered, or failed to, at the latest after `patienceMs`. */
  async asked(patienceMs: number): Promise<void> {
    const isAsked = ({ report, failure }: Watched): boolean => report !== undefined || failure !== undefined;
    const areAsked = (): boolean => [...this.watched.values()].every(isAsked);
    if (areAsked()) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        cancel();
        this.listeners.delete(look);
        resolve();
      };
      const look = (): void => {
        if (areAsked()) end();
      };
      const cancel = this.clock.setTimeout(end, patienceMs);
      this.listeners.add(look);
    });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    for (const { cancel } of this.watched.values()) cancel();
    this.watched.clear();
    await this.agent.destroy();
  }

  private begin(pod: GatewayPod): void {
    const watched: Watched = {
      pod,
      report: undefined,
      failure: undefined,
      waitMs: FAST_MS,
      asking: false,
      cancel: () => undefined,
    };
    this.watched.set(pod.uid, watched);
    this.schedule(watched, 0);
  }

  private lags({ report }: Watched): boolean {
    return [...this.wanted.values()].some((version) => !hasVersion(report, version));
  }

  private schedule(watched: Watched, afterMs: number): void {
    watched.cancel();
    if (this.stopped || this.watched.get(watched.pod.uid) !== watched) return;
    watched.cancel = this.clock.setTimeout(() => void this.ask(watched), afterMs);
  }

  private async ask(watched: Watched): Promise<void> {
    // The answer that is under way may be older than what is asked for now: it asks again when it is here.
    if (watched.asking) return;
    watched.asking = true;
    const before = { report: watched.report, failure: watched.failure };
    try {
      watched.report = await this.read(watched);
      watched.failure = undefined;
    } catch (error) {
      watched.failure = error instanceof Error ? error.message : String(error);
    } finally {
      watched.asking = false;
    }
    this.schedule(watched, this.nextWait(watched));
    if (before.failure !== watched.failure || !sameReport(before.report, watched.report)) this.tell();
  }

  private nextWait(watched: Watched): number {
    if (!this.lags(watched) && watched.failure === undefined) {
      watched.waitMs = FAST_MS;
      return IDLE_MS;
    }
    const wait = watched.waitMs;
    watched.waitMs = Math.min(wait * SLOWING, SLOWEST_WAIT_MS);
    return wait;
  }

  /** Which keys a gateway lets in. @throws Error where it does not say */
  async grantedKeys(pod: GatewayPod): Promise<ReadonlyMap<number, GrantedKeys>> {
    return parseGrantedKeys(await this.fetch(pod, '/status/keys'));
  }

  /** How full buckets are and when keys were used. @throws Error where the gateway does not say */
  async usage(pod: GatewayPod): Promise<UsageReport> {
    return parseUsageReport(await this.fetch(pod, '/status/usage'));
  }

  private async read({ pod, report }: Watched): Promise<GatewayReport> {
    return parseGatewayReport(await this.fetch(pod, '/status'), report);
  }

  private async fetch(pod: GatewayPod, path: string): Promise<unknown> {
    const { statusCode, body } = await this.agent.request({
      origin: `http://${urlHost(pod)}:${this.adminPort}`,
      path,
      method: 'GET',
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    if (statusCode !== 200) {
      await body.dump();
      throw new Error(`${path} answered ${statusCode}`);
    }
    return await body.json();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}
