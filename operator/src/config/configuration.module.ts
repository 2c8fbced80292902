import { Global, Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { SYSTEM_CLOCK } from '../kube/clock.js';
import { CLOCK } from '../kube/kube.tokens.js';
import { OperatorMetrics } from '../observability/operator-metrics.js';
import { TenancyPolicy } from '../policy/tenancy-policy.js';
import { OperatorConfiguration } from './operator-configuration.js';
import { ProcessIdentity } from './process-identity.js';

/** What everything may need: configuration, policy, identity, time and metrics. */
@Global()
@Module({})
export class ConfigurationModule {
  static with(configuration: OperatorConfiguration, policy: TenancyPolicy, identity: ProcessIdentity): DynamicModule {
    const providers = [
      { provide: OperatorConfiguration, useValue: configuration },
      { provide: TenancyPolicy, useValue: policy },
      { provide: ProcessIdentity, useValue: identity },
      { provide: CLOCK, useValue: SYSTEM_CLOCK },
      OperatorMetrics,
    ];
    return { module: ConfigurationModule, providers, exports: providers };
  }
}
