import type { MetricObject } from 'prom-client';
import type { ListenAddress } from '../config/configuration.js';
import type { ConfigurationChange } from '../config/live-configuration.js';
import type { ApplicationLog } from '../observability/application-log.js';
import type { KeyUseTimes } from '../observability/key-uses.js';
import type { Measurement, PathUsage } from '../usage/bucket-usage.js';
import type { UsageKeeper } from '../usage/usage-keeper.js';
import { StartError } from './fleet.js';
import type { Fleet, ServeSettings, WorkerStatus } from './fleet.js';
import type { GatewayFactory } from './gateway-process.js';
import { GatewayRunner } from './gateway-runner.js';

/** A fleet of one: S3 is served by this process. */
export class SingleProcess implements Fleet {
  private runner: GatewayRunner | undefined;
  private state: WorkerStatus['state'] = 'starting';

  constructor(
    private readonly create: GatewayFactory,
    private readonly settings: ServeSettings,
    private readonly log: ApplicationLog,
    private readonly usage: UsageKeeper,
  ) {}

  async start(change: ConfigurationChange): Promise<ListenAddress> {
    try {
      const { usage } = this;
      this.runner = new GatewayRunner(this.create, this.settings, change, this.log, (changes) =>
        usage.changed(changes),
      );
      const address = await this.runner.start();
      this.state = 'listening';
      return address;
    } catch (error) {
      throw StartError.of(error);
    }
  }

  apply(change: ConfigurationChange): void {
    void this.runner?.apply(change);
  }

  async status(): Promise<readonly WorkerStatus[]> {
    const report = (await this.runner?.report()) ?? { generation: 0, storages: [] };
    return [{ worker: 1, pid: process.pid, state: this.state, restarts: 0, responsive: true, ...report }];
  }

  async metrics(): Promise<MetricObject[][]> {
    return this.runner === undefined ? [] : [await this.runner.metrics()];
  }

  measure(path: string): Promise<Measurement | undefined> {
    return this.runner?.measure(path) ?? Promise.resolve(undefined);
  }

  tellUsage(usages: readonly PathUsage[]): void {
    this.runner?.learnUsage(usages);
  }

  keyUseTimes(): Promise<KeyUseTimes> {
    return Promise.resolve(this.runner?.keyUseTimes() ?? new Map<string, number>());
  }

  async close(graceMs: number): Promise<boolean> {
    this.state = 'draining';
    return (await this.runner?.close(graceMs)) ?? true;
  }
}
