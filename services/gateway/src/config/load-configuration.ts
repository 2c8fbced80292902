import { readFileSync } from 'node:fs';
import type { Mistake } from '@bucketway/contract';
import { plainToInstance } from 'class-transformer';
import { ConfigurationError } from './configuration-error.js';
import { ConfigurationFile } from './configuration-file.js';
import { ConfigurationResolver } from './configuration-resolver.js';
import { findContradictions } from './find-contradictions.js';
import type { Configuration } from './configuration.js';
import { findSchemaMistakes } from './find-schema-mistakes.js';
import { YamlSource } from './yaml-source.js';

/** Finds mistakes in a configuration that is right by itself. */
type Verify = (configuration: Configuration) => readonly Mistake[];

/**
 * Reads bucketway.yaml and every file that it names.
 *
 * @param verify what else is to be looked at
 * @throws ConfigurationError with all mistakes, not only the first
 */
export function loadConfiguration(file: string, verify?: Verify): Configuration {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const message = `cannot be read: ${(error as Error).message}`;
    throw new ConfigurationError(file, [{ path: [], message, line: 1, column: 1 }]);
  }
  return parseConfiguration(text, file, verify);
}

/** As {@link loadConfiguration}, of a text. @param file where it is from: relative paths in it are from its folder */
export function parseConfiguration(text: string, file: string, verify: Verify = () => []): Configuration {
  const source = YamlSource.parse(text);
  if (source.syntaxMistakes.length > 0) throw new ConfigurationError(file, source.syntaxMistakes);
  const refuse = (mistakes: readonly Mistake[], files?: readonly string[]): never => {
    const located = mistakes.map((mistake) => source.locate(mistake));
    throw new ConfigurationError(
      file,
      located.toSorted((a, b) => a.line - b.line || a.column - b.column),
      files,
    );
  };
  const plain = toPlainObject(source);
  if (plain === undefined) return refuse([{ path: [], message: 'must be an object, for example "storages: […]"' }]);
  const written = plainToInstance(ConfigurationFile, plain);
  const schemaMistakes = findSchemaMistakes(source, written);
  const contradictions = findContradictions(plain);
  // What the schema refuses has no type to resolve.
  if (schemaMistakes.length > 0) return refuse([...schemaMistakes, ...contradictions]);
  const resolver = new ConfigurationResolver(file);
  const configuration = resolver.resolve(written);
  const mistakes = [...contradictions, ...resolver.mistakes, ...verify(configuration)];
  return mistakes.length > 0 ? refuse(mistakes, configuration.files) : configuration;
}

function toPlainObject(source: YamlSource): object | undefined {
  try {
    const plain = source.toPlain();
    return typeof plain === 'object' && plain !== null && !Array.isArray(plain) ? plain : undefined;
  } catch {
    return undefined;
  }
}
