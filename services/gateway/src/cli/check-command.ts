import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Mistake } from '@bucketway/contract';
import { ConfigurationError } from '../config/configuration-error.js';
import type { Configuration } from '../config/configuration.js';
import { DocumentLoader } from '../config/document-loader.js';
import { nextDocumentState, NO_DOCUMENTS } from '../config/document-state.js';
import { loadConfiguration } from '../config/load-configuration.js';
import { HELP } from './help.js';
import { parseFlags } from './parse-flags.js';
import { UsageError } from './usage-error.js';

/** `bucketway check FILE [--connect]`. @returns the exit code */
export async function check(args: readonly string[]): Promise<number> {
  const { switches, positionals } = parseFlags('bucketway check', args, { connect: 'boolean' });
  if (switches.has('help')) {
    process.stdout.write(HELP.check);
    return 0;
  }
  const [file] = positionals;
  if (file === undefined) throw new UsageError('say which file to check', 'bucketway check');
  if (positionals.length > 1) throw new UsageError('one file at a time', 'bucketway check');
  try {
    const configuration = loadConfiguration(file, findUnwritableLog);
    process.stdout.write(summarize(file, configuration));
    return switches.has('connect') ? await connect(configuration) : 0;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const count = error.mistakes.length;
    process.stdout.write(`${error.message}\n${count} ${count === 1 ? 'mistake' : 'mistakes'}\n`);
    return 1;
  }
}

/** What opening the access log at the start would fail with; a check makes no file. */
function findUnwritableLog({ accessLog }: Configuration): Mistake[] {
  if (accessLog.to !== 'file') return [];
  const { path } = accessLog;
  try {
    const isThere = existsSync(path);
    if (isThere && statSync(path).isDirectory()) throw new Error('it is a folder');
    accessSync(isThere ? path : dirname(path), constants.W_OK);
    return [];
  } catch (error) {
    return [{ path: ['accessLog', 'file'], message: `${path} cannot be written: ${(error as Error).message}` }];
  }
}

async function connect({ storages }: Configuration): Promise<number> {
  // Only here: reading a file takes no driver.
  const { connectStorages } = await import('./connect-storages.js');
  const { report, failed } = await connectStorages(storages);
  process.stdout.write(report);
  return failed ? 1 : 0;
}

function summarize(file: string, configuration: Configuration): string {
  const documents = nextDocumentState(NO_DOCUMENTS, new DocumentLoader().load(configuration.documents), configuration);
  const mapped = [...documents.mappings.values()].flatMap(({ content }) => content);
  const counts = [
    plural(configuration.storages.length, 'storage'),
    plural(configuration.identities.size, 'identity', 'identities'),
    plural(configuration.buckets.size + mapped.length, 'bucket'),
  ];
  // Not a mistake of this file, and the operator may be about to cure it.
  const notes = [...documents.refused].map(([path, reason]) => `note: ${path}: ${reason}\n`);
  return `${file}: ok: ${counts.join(', ')}\n${notes.join('')}`;
}

function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
