import { Module, type DynamicModule } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { AuthModule } from './auth/auth.module.js';
import { SnapshotStore } from './config/snapshot-store.js';
import { GatewayController } from './http/gateway.controller.js';
import { Responder } from './http/responder.js';
import { ObjectsModule } from './objects/objects.module.js';
import { RequestObserver } from './observability/request-observer.js';
import { StorageObserver } from './observability/storage-observer.js';
import { Admission } from './operations/admission.js';
import { Dispatcher } from './operations/dispatcher.js';
import { OperationRegistry } from './operations/operation-registry.js';
import { OperationsModule } from './operations/operations.module.js';
import { UsageLedger } from './usage/usage-ledger.js';

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
      imports: [EnvironmentModule.with(environment), DiscoveryModule, AuthModule, ObjectsModule, OperationsModule],
      controllers: [GatewayController],
      providers: [OperationRegistry, Admission, Dispatcher, Responder],
    };
  }
}
