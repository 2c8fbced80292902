import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../app.module.js';
import { ConfigurationError } from '../config/configuration-error.js';
import { loadOperatorConfiguration } from '../config/load-operator-configuration.js';
import { readLogLevel } from '@bucketway/contract/log-level';
import type { LogLevel } from '@bucketway/contract/log-level';
import type { OperatorConfiguration } from '../config/operator-configuration.js';
import { ProcessIdentity } from '../config/process-identity.js';
import { OperatorLog } from '../observability/operator-log.js';
import { Operator } from '../operator.js';
import { parsePolicy } from '../policy/parse-policy.js';
import { PolicyError } from '../policy/policy-error.js';
import { TenancyPolicy } from '../policy/tenancy-policy.js';
import { HELP } from './help.js';

/** Runs `bucketway-operator`. @returns the exit code */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        config: { type: 'string' },
        kubeconfig: { type: 'string' },
        check: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help === true) {
      process.stdout.write(HELP);
      return 0;
    }
    if (values.config === undefined) throw new ConfigurationError('say which configuration file: --config FILE');
    const level = readLogLevel(process.env, (message) => new ConfigurationError(message));
    const configuration = loadOperatorConfiguration(values.config, process.env);
    const policy = new TenancyPolicy(parsePolicy(configuration.policy));
    if (values.check === true) {
      process.stdout.write(`${values.config}: ok, ${policy.policy.rules.length} rules\n`);
      return 0;
    }
    return await run(configuration, policy, { kubeconfig: values.kubeconfig, level });
  } catch (error) {
    if (!isUsersMistake(error)) throw error;
    process.stderr.write(`${error.message}\nSee bucketway-operator --help.\n`);
    return 2;
  }
}

async function run(
  configuration: OperatorConfiguration,
  policy: TenancyPolicy,
  { kubeconfig, level }: { readonly kubeconfig: string | undefined; readonly level: LogLevel },
): Promise<number> {
  const { POD_NAME: name = hostname(), POD_UID: uid = randomUUID() } = process.env;
  const module = AppModule.with(configuration, policy, new ProcessIdentity(name, uid, kubeconfig));
  const context = await NestFactory.createApplicationContext(module, {
    logger: new OperatorLog(process.stdout.isTTY, level),
    abortOnError: false,
  });
  const operator = context.get(Operator);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      // Somebody who asks twice does not want to wait.
      process.once(signal, () => process.exit(1));
      void operator.stop();
    });
  }
  const asTold = await operator.run();
  if (!asTold) new Logger('operator').error('leadership was lost: this process ends, so that nothing old is written');
  await context.close();
  return asTold ? 0 : 1;
}

function isUsersMistake(error: unknown): error is Error {
  if (error instanceof ConfigurationError || error instanceof PolicyError) return true;
  return error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}
