// Pods that are clients: applications that have nothing but the Secret of a bucket as their environment.
import { readFileSync } from 'node:fs';
import { eventually } from './harness.ts';
import { apply, BrokenOffError, get, kubectl, remove, throughKubelet } from './kube.ts';
import type { Pod } from './kube.ts';
import { program } from './program.ts';
import { RESTRICTED_CONTAINER, RESTRICTED_POD } from './release.ts';
import { APPS, IMAGE_GATEWAY } from './settings.ts';

function script(name: string): string {
  return readFileSync(new URL(`in-pod/${name}`, import.meta.url), 'utf8');
}

/** What a container runs, as Kubernetes has it. */
interface Client {
  readonly image: string;
  readonly workingDir?: string;
  readonly command: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value: string }[];
}

/** A script in the gateway's image, which has Node and the AWS SDK. */
function ofNode(code: string, env: Readonly<Record<string, string>> = {}): Client {
  return {
    image: IMAGE_GATEWAY,
    // Where the modules that the script imports are found from.
    workingDir: '/app',
    command: ['node', '--input-type=module', '--eval', code],
    env: Object.entries(env).map(([name, value]) => ({ name, value })),
  };
}

/** A pod with the Secret of a bucket by `envFrom`. */
function clientPod(name: string, bucket: string, client: Client): object {
  const container = {
    name: 'client',
    ...client,
    envFrom: [{ secretRef: { name: `${bucket}-s3` } }],
    securityContext: RESTRICTED_CONTAINER,
    volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
  };
  const spec = {
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: 0,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: RESTRICTED_POD,
    containers: [container],
    volumes: [{ name: 'tmp', emptyDir: {} }],
  };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: APPS, labels: { app: 'client' } }, spec };
}

/** Starts a pod in which scripts can be run, until it is removed. Its environment is the Secret as it was at the start. */
export async function startClient(bucket: string, name = `client-of-${bucket}`): Promise<string> {
  await remove('pod', APPS, name);
  await apply(clientPod(name, bucket, ofNode('setInterval(() => {}, 1e6)')));
  await kubectl('wait', `pod/${name}`, '--namespace', APPS, '--for=condition=Ready', '--timeout=180s');
  return name;
}

/** Runs a shell script of in-pod/ as a pod of its own, to its end. @returns what it prints @throws with that where it fails */
export async function runPod(bucket: string, image: string, name: string): Promise<string> {
  const pod = `${name}-of-${bucket}`;
  await remove('pod', APPS, pod);
  await apply(clientPod(pod, bucket, { image, command: ['sh', '-c', script(`${name}.sh`)] }));
  const phase = await eventually(`${pod} ends`, async () => {
    const now = (await get<Pod>('pod', APPS, pod)).status.phase;
    return now === 'Succeeded' || now === 'Failed' ? now : undefined;
  });
  const said = await kubectl('logs', pod, '--namespace', APPS);
  if (phase === 'Failed') throw new Error(`${pod} failed:\n${said}`);
  await remove('pod', APPS, pod);
  return said;
}

/** The last line of what a script prints: kubectl may end well where the way to the pod broke off. */
const END = 'the script has come to its end\n';

/** Runs a script of in-pod/ in a client's pod; it may run twice. @returns what it prints @throws with what it says where it fails */
export async function runIn(pod: string, name: string, ...args: readonly string[]): Promise<string> {
  const input = `${script(`${name}.mjs`)}\nprocess.stdout.write(${JSON.stringify(END)});\n`;
  const command = ['exec', '--stdin', '--namespace', APPS, pod, '--', 'node', '--input-type=module', '-', ...args];
  return await throughKubelet(async () => {
    const said = await program('kubectl', command, { input });
    if (!said.endsWith(END)) throw new BrokenOffError(`${name} in ${pod} was broken off`);
    return said.slice(0, -END.length);
  });
}

/** What the clients have seen since they began; they print it twice a second. */
interface LoadReport {
  readonly requests: number;
  /** Requests that the client library repeated, and reads that broke off and were begun again; none where it may not. */
  readonly repeated: number;
  readonly failures: readonly string[];
  /** Of the slowest request that ended since the report before, in milliseconds. */
  readonly slowestMs: number;
}

/** Requests that the clients make before something happens, and after it. */
const REQUESTS_AROUND = 60;

/** Clients that write, read and list without a pause, through the Service, from a pod that needs nothing of the control plane. */
export class Load {
  private readonly name: string;

  private constructor(name: string) {
    this.name = name;
  }

  /**
   * @param attempts at a request, and at reading what it answers; 1: what the gateway fails to answer is a failure
   * @param endpoint instead of the Service
   */
  static async start(bucket: string, attempts = 1, endpoint?: string): Promise<Load> {
    const name = `load-on-${bucket}-${attempts}${endpoint === undefined ? '' : '-direct'}`;
    const env = { ATTEMPTS: String(attempts), ...(endpoint !== undefined && { AWS_ENDPOINT_URL_S3: endpoint }) };
    await remove('pod', APPS, name);
    await apply(clientPod(name, bucket, ofNode(script('load.mjs'), env)));
    const load = new Load(name);
    const { failures } = await load.advance();
    if (failures.length > 0) throw new Error(`${name} fails from the start: ${failures.join('\n')}`);
    return load;
  }

  /**
   * Runs something while the clients work.
   * @returns a note about them @throws where one of their requests failed
   */
  async during(action: () => Promise<unknown>): Promise<string> {
    const since = new Date().toISOString();
    const before = await this.advance();
    let failure: unknown;
    try {
      await action();
    } catch (error) {
      failure = error;
    }
    const after = await this.advance();
    const failed = after.failures.slice(before.failures.length);
    const requests = after.requests - before.requests;
    const said = failed.length > 0 ? `${failed.length} of ${requests} requests failed:\n${failed.join('\n')}` : '';
    if (failure !== undefined) throw new Error(`${(failure as Error).message}\n${said}`, { cause: failure });
    if (said !== '') throw new Error(said);
    const slowest = Math.max(...(await this.reports(`--since-time=${since}`)).map(({ slowestMs }) => slowestMs));
    const repeated = after.repeated - before.repeated;
    return `${requests} requests, ${repeated > 0 ? `${repeated} repeated, ` : ''}the slowest took ${slowest} ms`;
  }

  /** Ends the clients; what is in their middle is cut off. */
  async stop(): Promise<void> {
    await remove('pod', APPS, this.name);
  }

  /** Waits until the clients have made some more requests. */
  private async advance(): Promise<LoadReport> {
    let target = Infinity;
    const question = async (): Promise<LoadReport | undefined> => {
      const report = (await this.reports('--tail=1')).at(-1);
      if (report === undefined) return undefined;
      target = Math.min(target, report.requests + REQUESTS_AROUND);
      return report.requests >= target ? report : undefined;
    };
    return await eventually(`${this.name} goes on`, question, 180, 500);
  }

  private async reports(flag: string): Promise<readonly LoadReport[]> {
    const lines = (await kubectl('logs', this.name, '--namespace', APPS, flag)).trim().split('\n');
    return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as LoadReport);
  }
}
