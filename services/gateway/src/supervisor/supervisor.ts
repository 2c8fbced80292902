import { AggregatorRegistry, Registry } from 'prom-client';
import type { AdminView, Readiness } from '../admin/admin-server.js';
import { AdminServer } from '../admin/admin-server.js';
import type { ListenAddress } from '../config/configuration.js';
import { formatListenAddress } from '../config/listen-address.js';
import { LiveConfiguration } from '../config/live-configuration.js';
import type { ConfigurationChange, ConfigurationSource } from '../config/live-configuration.js';
import type { ApplicationLog } from '../observability/application-log.js';
import { ConfigurationMetrics } from '../observability/configuration-metrics.js';
import { UsageMetrics } from '../observability/usage-metrics.js';
import { registerProcessMetrics } from '../observability/process-metrics.js';
import { mergeStates } from '../storage/health/merge-states.js';
import type { StorageState } from '../storage/storage-state.js';
import { UsageKeeper } from '../usage/usage-keeper.js';
import { VERSION } from '../version.js';
import type { Fleet, WorkerStatus } from './fleet.js';
import { WorkerPool } from './worker-pool.js';

/** Where a running supervisor can be reached. */
export interface SupervisorAddresses {
  readonly s3: ListenAddress;
  readonly admin: ListenAddress | undefined;
}

/**
 * Runs the gateway: follows the configuration, gives each change to the processes that serve, and answers on the admin
 * port. With one worker everything is this process; with more it only supervises, and loads nothing that serves S3.
 */
export class Supervisor implements AdminView {
  private readonly registry = new Registry();
  private readonly live: LiveConfiguration;
  private readonly usageKeeper: UsageKeeper;
  private readonly startedAt = new Date();
  private fleet: Fleet | undefined;
  private admin: AdminServer | undefined;
  private state: 'starting' | 'running' | 'draining' = 'starting';

  /** @throws ConfigurationError */
  constructor(
    source: ConfigurationSource,
    private readonly log: ApplicationLog,
  ) {
    this.live = new LiveConfiguration(source, log, new ConfigurationMetrics(this.registry));
    this.usageKeeper = new UsageKeeper(log);
    new UsageMetrics(this.registry, () => this.usageKeeper.report());
  }

  /** @throws StartError where an address is taken */
  async start(): Promise<SupervisorAddresses> {
    const { admin } = this.live.settings;
    if (admin !== undefined) {
      this.admin = new AdminServer(this);
      await this.admin.listen(admin);
    }
    this.fleet = await this.makeFleet();
    this.live.onChange((change) => this.apply(change));
    this.followUsage();
    const s3 = await this.fleet.start(this.live.inForce);
    // Closed while it started: nothing may begin that nobody would end.
    if (this.state === 'draining') return { s3, admin: this.admin?.address };
    this.usageKeeper.begin(this.fleet);
    this.live.watch();
    this.state = 'running';
    this.log.log(`serving S3 on ${formatListenAddress(s3)}`, {
      workers: this.live.settings.workers,
      version: VERSION,
      ...(this.admin && { admin: formatListenAddress(this.admin.address) }),
    });
    return { s3, admin: this.admin?.address };
  }

  /** Lets running requests end, at most for the grace that the configuration gives. @returns whether all ended */
  async close(): Promise<boolean> {
    const { shutdownGraceSeconds } = this.live.settings;
    const graceMs = this.state === 'running' ? shutdownGraceSeconds * 1000 : 0;
    this.state = 'draining';
    this.live.close();
    this.usageKeeper.close();
    if (graceMs > 0) this.log.log('draining: no new connections, running requests end', { shutdownGraceSeconds });
    const inTime = (await this.fleet?.close(graceMs)) ?? true;
    await this.admin?.close();
    return inTime;
  }

  async healthy(): Promise<string | undefined> {
    const stuck = (await this.workers()).filter(({ responsive, state }) => !responsive && state === 'listening');
    return stuck.length === 0 ? undefined : `worker ${stuck.map(({ worker }) => worker).join(', ')} does not answer`;
  }

  async ready(): Promise<Readiness> {
    const workers = await this.workers();
    // Only for whoever looks: an outage of a server that all replicas share must not take every one of them out of service.
    const notes = storagesOf(workers)
      .filter(({ state }) => state === 'unavailable')
      .map(({ mount, kind, detail = '' }) => `storage ${mount} (${kind}) is unavailable: ${detail}`);
    return { reason: this.notReady(workers), notes };
  }

  async status(): Promise<object> {
    const workers = await this.workers();
    return {
      version: VERSION,
      node: process.version,
      state: this.state,
      startedAt: this.startedAt.toISOString(),
      uptimeSeconds: Math.round((Date.now() - this.startedAt.getTime()) / 1000),
      configuration: this.live.status(),
      workers: workers.map((worker) => ({ ...worker, storages: undefined })),
      storages: storagesOf(workers),
    };
  }

  keys(): object {
    return { documents: this.live.grantedKeys() };
  }

  async usage(): Promise<object> {
    const keys = await (this.fleet?.keyUseTimes() ?? []);
    return {
      buckets: this.usageKeeper.report(),
      keys: [...keys].map(([accessKeyId, at]) => ({ accessKeyId, lastUsedAt: new Date(at).toISOString() })),
    };
  }

  async metrics(): Promise<string> {
    const own = await this.registry.getMetricsAsJSON();
    const all = await (this.fleet?.metrics() ?? []);
    return await AggregatorRegistry.aggregate([own, ...all]).metrics();
  }

  private apply(change: ConfigurationChange): void {
    this.fleet?.apply(change);
    this.followUsage();
  }

  private followUsage(): void {
    const { inForce, settings } = this.live;
    this.usageKeeper.follow(inForce.snapshot.buckets.values(), settings.usageIntervalSeconds);
  }

  private notReady(workers: readonly WorkerStatus[]): string | undefined {
    if (this.state !== 'running') return this.state;
    if (!this.live.complete) return 'a document was never applied; see /status';
    return workers.some(({ state }) => state === 'listening') ? undefined : 'no worker listens';
  }

  private async workers(): Promise<readonly WorkerStatus[]> {
    return (await this.fleet?.status()) ?? [];
  }

  private async makeFleet(): Promise<Fleet> {
    const { workers, listen, tls, accessLog } = this.live.settings;
    const settings = { listen, tls, accessLog };
    if (workers > 1) {
      registerProcessMetrics(this.registry);
      return new WorkerPool(workers, settings, this.log, this.registry, this.usageKeeper);
    }
    // Only here: they load Nest and the S3 side, which a process that only supervises must not hold in memory.
    const { createGateway } = await import('../gateway.js');
    const { SingleProcess } = await import('./single-process.js');
    return new SingleProcess(createGateway, settings, this.log, this.usageKeeper);
  }
}

function storagesOf(workers: readonly WorkerStatus[]): readonly StorageState[] {
  return mergeStates(workers.map(({ storages }) => storages));
}
