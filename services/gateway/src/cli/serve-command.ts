import type { Configuration } from '../config/configuration.js';
import { loadConfiguration } from '../config/load-configuration.js';
import { ApplicationLog } from '../observability/application-log.js';
import { StartError } from '../supervisor/fleet.js';
import { Supervisor } from '../supervisor/supervisor.js';
import type { SupervisorAddresses } from '../supervisor/supervisor.js';
import { DIRECTORY_FLAGS, directoryConfiguration } from './directory-configuration.js';
import { EndSignals } from './end-signals.js';
import { HELP } from './help.js';
import { launcherEnd } from './launcher-end.js';
import { parseFlags } from './parse-flags.js';
import { printPasteLines } from './paste-lines.js';
import { UsageError } from './usage-error.js';

const COMMAND = 'bucketway serve';

/** What to do where a port cannot be had. */
type PortHints = Readonly<Record<StartError['port'], string>>;

/** `bucketway serve`: runs until a signal. @returns the exit code */
export async function serve(args: readonly string[]): Promise<number> {
  const { values, switches, positionals } = parseFlags(COMMAND, args, { config: 'string', ...DIRECTORY_FLAGS });
  if (switches.has('help')) {
    process.stdout.write(HELP.serve);
    return 0;
  }
  const [directory] = positionals;
  const file = values.get('config');
  if (positionals.length > 1)
    throw new UsageError('one folder at a time; a configuration file mounts several', COMMAND);
  if (file === undefined) {
    // An empty one is a variable of a script that was not set, not the folder that it runs in.
    if (!directory) throw new UsageError('say which folder to serve, or --config FILE', COMMAND);
    return await serveDirectory(directory, values);
  }
  if (directory !== undefined) throw new UsageError('either a folder or --config, not both', COMMAND);
  const other = [...values.keys()].find((name) => name !== 'config');
  if (other !== undefined)
    throw new UsageError(`--${other} is for serve DIR; with --config, write it in the file`, COMMAND);
  const load = (): Configuration => loadConfiguration(file);
  return await run({ file, load }, () => {}, {
    s3: 'change "listen" in the configuration file',
    admin: 'change "admin" in the configuration file',
  });
}

async function serveDirectory(directory: string, flags: ReadonlyMap<string, string>): Promise<number> {
  const served = directoryConfiguration(directory, flags, process.env);
  const source = { file: undefined, load: () => served.configuration };
  return await run(source, ({ s3 }) => printPasteLines(directory, served, s3), {
    s3: 'choose another with --port',
    admin: 'choose another with --admin-port',
  });
}

async function run(
  source: ConstructorParameters<typeof Supervisor>[0],
  started: (addresses: SupervisorAddresses) => void,
  hints: PortHints,
): Promise<number> {
  const log = ApplicationLog.ofProcess();
  const supervisor = new Supervisor(source, log);
  const signals = new EndSignals();
  const signalled = Promise.race([signals.first, launcherEnd(process.env)]);
  try {
    // A start may take as long as a storage or a process hangs: whoever wants it ended does not wait for it.
    const addresses = await Promise.race([supervisor.start(), signalled.then(() => undefined)]);
    if (addresses !== undefined) started(addresses);
  } catch (error) {
    await supervisor.close();
    throw explain(error, hints);
  }
  log.log(`${await signalled} received`);
  // Somebody who asks twice does not want to wait.
  signals.onAnother(() => process.exit(1));
  const inTime = await supervisor.close();
  if (!inTime) log.warn('requests were cut off: they ran longer than the shutdown grace');
  // Idle handles such as a stalled log reader must not keep the process.
  process.exit(0);
}

function explain(error: unknown, hints: PortHints): unknown {
  if (!(error instanceof StartError)) return error;
  const hint = hints[error.port];
  if (error.code === 'EADDRINUSE')
    return new StartError(`the port is in use (${error.message}); ${hint}`, error.code, error.port);
  if (error.code === 'EACCES')
    return new StartError(`the port is not allowed (${error.message}); ${hint}`, error.code, error.port);
  return error;
}
