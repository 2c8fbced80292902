import { readFileSync } from 'node:fs';
import { findMistakes, formatMistake } from '@bucketway/contract';
import { plainToInstance } from 'class-transformer';
import { parse } from 'yaml';
import { isRecord } from '../kube/is-record.js';
import { ConfigurationError } from './configuration-error.js';
import { OperatorConfiguration } from './operator-configuration.js';

/**
 * Reads operator.yaml. What the file leaves out and the pod knows (its namespace) comes from the environment.
 *
 * @throws ConfigurationError with every mistake, a line each
 */
export function loadOperatorConfiguration(
  file: string,
  environment: Readonly<Record<string, string | undefined>>,
): OperatorConfiguration {
  const plain = readYaml(file);
  const configuration = plainToInstance(OperatorConfiguration, {
    namespace: environment['POD_NAMESPACE'],
    ...plain,
  });
  const mistakes = findMistakes(configuration);
  if (mistakes.length > 0) {
    throw new ConfigurationError(mistakes.map((mistake) => `${file}: ${formatMistake(mistake)}`).join('\n'));
  }
  return configuration;
}

function readYaml(file: string): object {
  let plain: unknown;
  try {
    plain = parse(readFileSync(file, 'utf8'), { prettyErrors: true });
  } catch (error) {
    throw new ConfigurationError(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!isRecord(plain)) {
    throw new ConfigurationError(`${file}: must be an object with namespace, endpoint, documents, gateways and policy`);
  }
  return plain;
}
