import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { eventually } from './eventually.js';
import { KubeApiTap } from './kube-api-tap.js';
import { NodeProgram } from './node-program.js';

const BIN = fileURLToPath(new URL('../../bin/bucketway-operator.js', import.meta.url));
/** The exit code of a wrong configuration. */
const MISTAKE = 2;

/** How the processes of an operator pod run. */
export interface OperatorProcessOptions {
  /** They speak to the API server itself, and nothing writes down what they ask for. */
  readonly untapped: boolean;
  readonly environment: Readonly<Record<string, string>>;
}

/** An operator pod: it can end and start again as its container would, and is heard by a tap. */
export class OperatorReplica {
  /** What all its processes printed. */
  private past = '';
  /** Codes of the processes that ended by themselves. */
  readonly exits: (number | null)[] = [];
  private program: NodeProgram | undefined;
  private isTold = false;
  private readonly uid = randomUUID();

  private constructor(
    private readonly name: string,
    private readonly configurationFile: string,
    readonly port: number,
    readonly tap: KubeApiTap,
    private readonly process: { readonly kubeconfig: string; readonly environment: Readonly<Record<string, string>> },
  ) {}

  /**
   * @param configuration operator.yaml, but for `listen`
   * @param kubeconfigPath of the operator's user
   */
  static async create(
    name: string,
    file: string,
    configuration: object,
    options: { readonly port: number; readonly kubeconfigPath: string } & OperatorProcessOptions,
  ): Promise<OperatorReplica> {
    const { port, kubeconfigPath, untapped, environment } = options;
    writeFileSync(file, JSON.stringify({ ...configuration, listen: `127.0.0.1:${port}` }));
    const tap = await KubeApiTap.start(kubeconfigPath);
    const kubeconfig = untapped ? kubeconfigPath : tap.kubeconfigPath;
    return new OperatorReplica(name, file, port, tap, { kubeconfig, environment });
  }

  get log(): string {
    return this.past + (this.program?.output ?? '');
  }

  get isRunning(): boolean {
    return this.program?.isRunning === true;
  }

  /** Of the process that runs. */
  get pid(): number | undefined {
    return this.program?.pid;
  }

  /** Starts a process, and another one whenever it ends by itself, as a kubelet does. */
  launch(): void {
    this.past = this.log;
    const args = ['--config', this.configurationFile, '--kubeconfig', this.process.kubeconfig];
    const environment = { ...this.process.environment, POD_NAME: this.name, POD_UID: this.uid };
    const program = new NodeProgram(BIN, args, environment);
    this.program = program;
    void this.restartAfter(program);
    this.isTold = false;
  }

  /** Starts a process; resolves when it leads. */
  async start(): Promise<void> {
    this.launch();
    await this.leads();
  }

  /** Resolves when its process leads. */
  async leads(): Promise<void> {
    await eventually(
      `${this.name} leads`,
      () => {
        if (this.exits.at(-1) === MISTAKE) throw new Error(this.log);
        return this.isLeading;
      },
      60_000,
    );
  }

  get isLeading(): boolean {
    return this.isRunning && this.current.output.includes('"leading"');
  }

  /** kill -9, and no other process. */
  async kill(): Promise<void> {
    this.isTold = true;
    await this.program?.end('SIGKILL');
  }

  /** SIGSTOP: as a node that hangs. */
  pause(): void {
    this.program?.signal('SIGSTOP');
  }

  resume(): void {
    this.program?.signal('SIGCONT');
  }

  /** As a kubelet ends a container. @returns the exit code */
  async stop(): Promise<number | null> {
    this.isTold = true;
    return (await this.program?.end('SIGTERM')) ?? null;
  }

  private async restartAfter(program: NodeProgram): Promise<void> {
    const code = await program.ended;
    if (this.program !== program || this.isTold) return;
    this.exits.push(code);
    // A mistake of the configuration is no matter of another try.
    if (code !== MISTAKE) this.launch();
  }

  /** The sum of a metric's samples with these labels. */
  async metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${this.port}/metrics`)).text();
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    return text
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      .filter((line) => wanted.every((label) => line.includes(label)))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  /** What the health port says: the status, and why. */
  async health(path: '/healthz' | '/readyz'): Promise<string> {
    const answer = await fetch(`http://127.0.0.1:${this.port}${path}`);
    return `${answer.status} ${(await answer.text()).trim()}`;
  }

  private get current(): NodeProgram {
    if (this.program === undefined) throw new Error('the operator was not started');
    return this.program;
  }
}
