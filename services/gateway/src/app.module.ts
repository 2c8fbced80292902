import { Module, type DynamicModule } from '@nestjs/common';
import { SnapshotStore } from './config/snapshot-store.js';
import { HttpModule } from './http/http.module.js';
import { RequestObserver } from './observability/request-observer.js';
import { StorageObserver } from './observability/storage-observer.js';
import { UsageLedger } from './usage/usage-ledger.js';
import { UsageModule } from './usage/usage.module.js';

/** What the gateway is given by the process that runs it. */
export interface GatewayEnvironment {
  readonly snapshots: SnapshotStore;
  readonly requestObserver: RequestObserver;
  readonly storageObserver: StorageObserver;
  readonly usageLedger: UsageLedger;
}

/** Providers that every module may inject. */
@Module({})
class EnvironmentModule {
  static with({ snapshots, requestObserver, storageObserver, usageLedger }: GatewayEnvironment): DynamicModule {
    return {
      module: EnvironmentModule,
      global: true,
      providers: [
        { provide: SnapshotStore, useValue: snapshots },
        { provide: RequestObserver, useValue: requestObserver },
        { provide: StorageObserver, useValue: storageObserver },
        { provide: UsageLedger, useValue: usageLedger },
      ],
      exports: [SnapshotStore, RequestObserver, StorageObserver, UsageLedger],
    };
  }
}

/** The S3 gateway. */
@Module({})
export class AppModule {
  static with(environment: GatewayEnvironment): DynamicModule {
    return {
      module: AppModule,
      imports: [EnvironmentModule.with(environment), HttpModule, UsageModule],
    };
  }
}
