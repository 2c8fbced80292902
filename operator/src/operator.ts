import { Inject, Injectable, Logger } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { BucketController } from './buckets/bucket-controller.js';
import { ClusterCache } from './cluster/cluster-cache.js';
import { OperatorConfiguration } from './config/operator-configuration.js';
import { LeaderElector } from './kube/leader-elector.js';
import { HealthServer } from './observability/health-server.js';
import type { HealthView } from './observability/health-server.js';
import { MetricsView } from './observability/metrics-view.js';

/** The life of an operator process: it watches at once, and reconciles while it leads. */
@Injectable()
export class Operator implements HealthView, OnApplicationShutdown {
  private readonly log = new Logger('operator');
  private readonly server = new HealthServer(this);
  private readonly told = Promise.withResolvers<void>();
  private synced = false;
  private stopping = false;

  constructor(
    private readonly cache: ClusterCache,
    private readonly elector: LeaderElector,
    private readonly controller: BucketController,
    private readonly view: MetricsView,
    @Inject(OperatorConfiguration) private readonly configuration: OperatorConfiguration,
  ) {}

  /**
   * Runs until {@link stop}.
   *
   * @returns whether it ended as it was told; false where another leads now, and only a new process may go on
   * @throws Error where the address is taken, or taking over failed
   */
  async run(): Promise<boolean> {
    await this.server.listen(this.configuration.listen);
    this.log.log(`health and metrics on port ${this.server.port}`);
    // The first read takes as long as the API server is away, and who is told to end must not wait for it.
    await Promise.race([this.cache.start(), this.told.promise]);
    if (this.stopping) return true;
    this.synced = true;
    if (!this.configuration.leaderElection.enabled) {
      await this.controller.start();
      this.log.log('reconciling, without leader election');
      await this.told.promise;
      await this.controller.stop();
      return true;
    }
    return await this.lead();
  }

  /** Lets passes that run end, gives leadership up, and ends. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.told.resolve();
    await this.elector.stop();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.server.close();
  }

  healthy(): string | undefined {
    return this.synced ? this.cache.silent() : undefined;
  }

  ready(): string | undefined {
    if (this.stopping) return 'stopping';
    return this.synced ? undefined : 'the cluster was not read yet';
  }

  async metrics(): Promise<string> {
    return await this.view.text();
  }

  private async lead(): Promise<boolean> {
    let outcome: 'lost' | 'stopped' = 'stopped';
    let failure: unknown;
    await this.elector.run({
      onStarted: async (signal) => {
        this.log.log('leading');
        try {
          await this.controller.start();
          if (!signal.aborted)
            await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        } catch (error) {
          failure = error;
          void this.elector.stop();
        }
        await this.controller.stop();
      },
      onStopped: (reason) => {
        outcome = reason;
      },
    });
    if (failure !== undefined) throw failure;
    return outcome === 'stopped';
  }
}
