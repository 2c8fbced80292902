import { nearestName } from '@bucketway/contract';
import { ConfigurationError } from '../config/configuration-error.js';
import { StartError } from '../supervisor/fleet.js';
import { VERSION } from '../version.js';
import { check } from './check-command.js';
import { HELP } from './help.js';
import { serve } from './serve-command.js';
import { UsageError } from './usage-error.js';

const COMMANDS = new Map<string, (args: readonly string[]) => Promise<number>>([
  ['serve', serve],
  ['check', check],
]);

/** Runs the command line and sets the exit code: 0 done, 1 failed, 2 not understood. */
export async function runCommandLine(args: readonly string[]): Promise<void> {
  try {
    process.exitCode = await dispatch(args);
  } catch (error) {
    // What was half started must not keep the process.
    process.exit(report(error));
  }
}

async function dispatch([name, ...rest]: readonly string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const topic = name === 'help' ? rest[0] : undefined;
    process.stdout.write(topic === 'serve' || topic === 'check' ? HELP[topic] : HELP.bucketway);
    return name === undefined ? 2 : 0;
  }
  if (name === '--version' || name === 'version') {
    process.stdout.write(`bucketway ${VERSION} (node ${process.version})\n`);
    return 0;
  }
  const command = COMMANDS.get(name);
  if (command !== undefined) return await command(rest);
  const kind = name.startsWith('-') ? 'flag' : 'command';
  const nearest = nearestName(name.replace(/^-+/, ''), kind === 'flag' ? ['help', 'version'] : COMMANDS.keys());
  const hint = nearest === undefined ? '' : `; did you mean "${kind === 'flag' ? '--' : ''}${nearest}"?`;
  throw new UsageError(`unknown ${kind} "${name}"${hint}`, 'bucketway');
}

function report(error: unknown): number {
  if (error instanceof UsageError) {
    process.stderr.write(`error: ${error.message}\nSee "${error.command} --help".\n`);
    return 2;
  }
  if (error instanceof ConfigurationError) process.stderr.write(`${error.message}\n`);
  else if (error instanceof StartError) process.stderr.write(`error: ${error.message}\n`);
  else process.stderr.write(`error: ${(error as Error).stack ?? String(error)}\n`);
  return 1;
}
