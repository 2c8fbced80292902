import { Counter, Registry } from 'prom-client';
import type { MetricObject } from 'prom-client';
import type { ListenAddress } from '../config/configuration.js';
import type { ConfigurationChange } from '../config/live-configuration.js';
import { SnapshotStore } from '../config/snapshot-store.js';
import type { Snapshot } from '../config/snapshot.js';
import { AccessLog, openAccessLog } from '../observability/access-log.js';
import type { ApplicationLog } from '../observability/application-log.js';
import type { BufferedWriter } from '../observability/buffered-writer.js';
import { KeyUses } from '../observability/key-uses.js';
import type { KeyUseTimes } from '../observability/key-uses.js';
import { registerProcessMetrics } from '../observability/process-metrics.js';
import { RequestMetrics } from '../observability/request-metrics.js';
import { RequestObservers } from '../observability/request-observer.js';
import type { RequestObserver } from '../observability/request-observer.js';
import { RunningRequests } from '../observability/running-requests.js';
import { StorageMetrics } from '../observability/storage-observer.js';
import { loadRemoteKinds } from '../storage/remote-kinds.js';
import type { Measurement, PathUsage, UsageChange } from '../usage/bucket-usage.js';
import { UsageLedger } from '../usage/usage-ledger.js';
import type { ServeSettings, WorkerReport } from './fleet.js';
import type { Gateway, GatewayFactory } from './gateway-process.js';
import { giveFreedBack } from './give-freed-back.js';
import { trimHeap } from './trim-heap.js';

/** How long the end of the process waits for the reader of its access log, in milliseconds. */
const LOG_DRAIN_MS = 1_000;

/** Runs a gateway in this process, with its metrics and its access log. */
export class GatewayRunner {
  private readonly registry = new Registry();
  private readonly snapshots: SnapshotStore;
  private readonly requests = new RunningRequests();
  private readonly keyUses = new KeyUses();
  private readonly usage: UsageLedger;
  private readonly accessLog: BufferedWriter | undefined;
  private gateway: Gateway | undefined;
  private givingBack: NodeJS.Timeout | undefined;
  private listening = false;
  private applying: Promise<void> = Promise.resolve();
  private tls: ServeSettings['tls'];

  constructor(
    private readonly create: GatewayFactory,
    private readonly settings: ServeSettings,
    change: ConfigurationChange,
    private readonly log: ApplicationLog,
    tellUsage: (changes: readonly UsageChange[]) => void,
  ) {
    this.snapshots = new SnapshotStore(change.snapshot);
    this.usage = new UsageLedger(tellUsage);
    this.tls = change.tls;
    this.accessLog = openAccessLog(settings.accessLog);
    registerProcessMetrics(this.registry);
    const { accessLog } = this;
    if (accessLog === undefined) return;
    process.once('exit', () => accessLog.flushSync());
    new Counter({
      name: 'bucketway_access_log_dropped_lines_total',
      help: 'Lines of the access log that were given up because their reader stalled or failed.',
      registers: [this.registry],
      collect() {
        this.reset();
        this.inc(accessLog.dropped);
      },
    });
  }

  /** @throws what listening throws, such as `EADDRINUSE` */
  async start(): Promise<ListenAddress> {
    const metrics = new RequestMetrics(this.registry);
    const observers: RequestObserver[] = [metrics, this.requests, this.keyUses];
    if (this.accessLog !== undefined) observers.push(new AccessLog(this.accessLog));
    this.gateway = await this.create({
      snapshots: this.snapshots,
      listen: this.settings.listen,
      tls: this.tls,
      requestObserver: new RequestObservers(observers),
      storageObserver: new StorageMetrics(this.registry),
      usageLedger: this.usage,
      log: this.log,
    });
    trimHeap();
    const address = await this.gateway.listen();
    this.listening = true;
    this.givingBack = giveFreedBack();
    return address;
  }

  /** Puts a change in force, after those before it. */
  async apply(change: ConfigurationChange): Promise<void> {
    this.applying = this.applying.then(() => this.put(change));
    await this.applying;
  }

  private async put({ snapshot, tls }: ConfigurationChange): Promise<void> {
    await loadRemoteKinds(snapshot.storages);
    this.snapshots.replace(snapshot);
    this.keyUses.keepOnly(snapshot.identities);
    this.usage.keepOnly(pathsWithQuota(snapshot));
    if (tls !== undefined && (tls.cert !== this.tls?.cert || tls.key !== this.tls.key)) this.gateway?.updateTls?.(tls);
    this.tls = tls;
  }

  async report(): Promise<WorkerReport> {
    const storages = (await this.gateway?.storages?.()) ?? [];
    return { generation: this.snapshots.current.generation, storages };
  }

  /** Takes over how full buckets are. */
  learnUsage(usages: readonly PathUsage[]): void {
    this.usage.learn(usages);
  }

  /** Counts the objects at a path. */
  async measure(path: string): Promise<Measurement> {
    try {
      return (await this.gateway?.measure?.(path)) ?? { failure: 'this process does not serve yet' };
    } catch (error) {
      return { failure: (error as Error).message };
    }
  }

  /** When each key was used last in this process. */
  keyUseTimes(): KeyUseTimes {
    return this.keyUses.times();
  }

  metrics(): Promise<MetricObject[]> {
    return this.registry.getMetricsAsJSON();
  }

  /** @returns whether all requests ended within the time */
  async close(graceMs: number): Promise<boolean> {
    let inTime = true;
    clearInterval(this.givingBack);
    // Set before the gateway's own, so that it looks before that one cuts off.
    const deadline = setTimeout(() => (inTime = this.requests.count === 0), graceMs);
    // One that is about to listen, or failed to, has no requests to wait for, and would wait for its own start.
    if (this.listening) await this.gateway?.close(graceMs);
    clearTimeout(deadline);
    await this.drainAccessLog();
    return inTime;
  }

  /** As far as its reader takes it within the time: what is left then is tried once more as the process exits. */
  private async drainAccessLog(): Promise<void> {
    const { accessLog } = this;
    if (accessLog === undefined) return;
    let limit: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      limit = setTimeout(resolve, LOG_DRAIN_MS);
    });
    await Promise.race([accessLog.drain(), late]);
    clearTimeout(limit);
  }
}

function pathsWithQuota({ buckets }: Snapshot): Set<string> {
  return new Set([...buckets.values()].filter(({ quota }) => quota !== undefined).map(({ path }) => path));
}
