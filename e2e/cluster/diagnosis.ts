// Why a check may have failed: what the cluster says of its pods at that moment. Nothing of a Secret is in it: events, states and
// logs only, no environment and no command.
import { program } from './program.ts';
import { APPS, SYSTEM, TOOLS } from './settings.ts';

const EVENTS = 25;
const LINES_OF_A_LOG = 15;
const LOGS = 6;
const WIDTH = 300;

interface ContainerStatus {
  readonly ready: boolean;
  readonly restartCount: number;
  readonly state: { readonly terminated?: { readonly exitCode: number } };
}

interface Item {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly deletionTimestamp?: string };
  readonly status: {
    readonly phase?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly conditions?: readonly object[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

/** @param about what failed: pods that it names are looked at also where they look well */
export async function diagnosis(about: string): Promise<string> {
  const said: string[] = [];
  for (const namespace of [SYSTEM, APPS, TOOLS]) {
    const table = await ask('get', 'pods', '--namespace', namespace, '--output=wide');
    if (table !== '') said.push(`pods of ${namespace}:`, table);
  }
  const items = await ask('get', 'pods', '--all-namespaces', '--output=json');
  let pods: readonly Item[] = [];
  try {
    ({ items: pods } = JSON.parse(items) as { items: readonly Item[] });
  } catch {
    said.push(items);
  }
  const concerned = pods.filter((pod) => looksBad(pod) || about.includes(pod.metadata.name));
  for (const { metadata, status } of concerned.slice(0, LOGS)) {
    const { name, namespace } = metadata;
    const { phase, reason, message, conditions, containerStatuses } = status;
    const state = { phase, reason, message, deleted: metadata.deletionTimestamp, conditions, containerStatuses };
    said.push(`pod ${name}: ${JSON.stringify(state)}`);
    const log = ['logs', name, '--namespace', namespace, '--all-containers', `--tail=${LINES_OF_A_LOG}`];
    said.push(await ask(...log));
    if (containerStatuses?.some(({ restartCount }) => restartCount > 0)) {
      said.push(`before it was restarted:`, await ask(...log, '--previous'));
    }
  }
  for (const namespace of [SYSTEM, APPS]) {
    const events = (await ask('get', 'events', '--namespace', namespace, '--sort-by=.lastTimestamp')).trim();
    if (events !== '') said.push(`the last events of ${namespace}:`, ...events.split('\n').slice(-EVENTS));
  }
  return said
    .flatMap((text) => text.trim().split('\n'))
    .filter((line) => line !== '')
    .map((line) => (line.length > WIDTH && !line.startsWith('pod ') ? `${line.slice(0, WIDTH)}…` : line))
    .join('\n');
}

function looksBad({ metadata, status: { phase, containerStatuses = [] } }: Item): boolean {
  if (![SYSTEM, APPS, TOOLS].includes(metadata.namespace) || phase === 'Succeeded') return false;
  return phase !== 'Running' || containerStatuses.some(({ ready, restartCount }) => !ready || restartCount > 0);
}

/** What kubectl says, be it that it cannot. */
async function ask(...args: readonly string[]): Promise<string> {
  try {
    return await program('kubectl', args, { timeoutMs: 20_000 });
  } catch (error) {
    const { stderr = '', message } = error as { stderr?: string; message: string };
    return stderr.trim() || message;
  }
}
