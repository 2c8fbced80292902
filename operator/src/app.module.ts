import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { BucketsModule } from './buckets/buckets.module.js';
import { ClusterModule } from './cluster/cluster.module.js';
import { ConfigurationModule } from './config/configuration.module.js';
import type { OperatorConfiguration } from './config/operator-configuration.js';
import type { ProcessIdentity } from './config/process-identity.js';
import { KubeModule } from './kube/kube.module.js';
import { ObservabilityModule } from './observability/observability.module.js';
import { Operator } from './operator.js';
import type { TenancyPolicy } from './policy/tenancy-policy.js';

/** All parts of the operator. */
@Module({})
export class AppModule {
  static with(configuration: OperatorConfiguration, policy: TenancyPolicy, identity: ProcessIdentity): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigurationModule.with(configuration, policy, identity),
        KubeModule,
        ClusterModule,
        BucketsModule,
        ObservabilityModule,
      ],
      providers: [Operator],
    };
  }
}
