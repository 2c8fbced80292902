import cluster from 'node:cluster';
import type { Worker as ClusterWorker } from 'node:cluster';
import type { MetricObject } from 'prom-client';
import type { ListenAddress } from '../config/configuration.js';
import type { ConfigurationChange } from '../config/live-configuration.js';
import { StartError } from './fleet.js';
import type { KeyUseTimes } from '../observability/key-uses.js';
import type { Measurement, PathUsage, UsageChange } from '../usage/bucket-usage.js';
import type { ServeSettings, WorkerReport, WorkerStatus } from './fleet.js';
import type { FromWorker, ToWorker } from './worker-messages.js';

/** How long a worker may take to answer, in milliseconds. */
const ANSWER_MS = 2000;

/**
 * glibc's settings, unless they are set. It gives each thread an arena of its own, and what is freed into one is not lent to the others: 24 MB
 * under load. And it keeps what is freed of large buffers, once there have been some: 9 MB.
 */
const ALLOCATOR = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '262144', MALLOC_TRIM_THRESHOLD_: '131072' };

/** What a worker tells its pool. */
export interface WorkerEvents {
  listening(address: ListenAddress): void;
  failed(error: StartError): void;
  /** It wrote to buckets with a quota. */
  usage(changes: readonly UsageChange[]): void;
  /** The process ended; a code and a signal as `child_process` has them. */
  exited(worker: Worker, code: number | null, signal: string | null): void;
}

/** One serving process, seen from the supervisor. */
export class Worker {
  private readonly process: ClusterWorker;
  private readonly questions = new Map<number, (answer: never) => void>();
  private readonly measurements = new Set<(measurement: undefined) => void>();
  private question = 0;
  private generation = 0;
  private responsive = true;
  private lastReport: WorkerReport = { generation: 0, storages: [] };
  readonly startedAt = performance.now();
  state: WorkerStatus['state'] = 'starting';
  /** What it said last, for when it cannot be asked any more. */
  lastMetrics: MetricObject[] = [];

  constructor(
    readonly number: number,
    private readonly restarts: number,
    private readonly settings: ServeSettings,
    private readonly current: () => ConfigurationChange,
    private readonly events: WorkerEvents,
  ) {
    this.process = cluster.fork({ ...ALLOCATOR, ...process.env });
    this.process.on('message', (message: FromWorker) => this.receive(message));
    this.process.on('exit', (code: number | null, signal: string | null) => {
      this.questions.clear();
      for (const end of this.measurements) end(undefined);
      events.exited(this, code, signal);
    });
    // A worker that died in the middle of a message shows as its exit.
    this.process.on('error', () => {});
  }

  apply(change: ConfigurationChange): void {
    // One that has not started yet is given what is in force when it does.
    if (this.state !== 'starting') this.send({ type: 'change', change });
  }

  async status(): Promise<WorkerStatus> {
    if (this.state === 'listening') {
      const answer = await this.ask<WorkerReport>('report');
      this.responsive = answer !== undefined;
      this.lastReport = answer ?? this.lastReport;
    }
    const { number, state, generation, restarts, responsive } = this;
    const { storages } = this.lastReport;
    return { worker: number, pid: this.process.process.pid, state, generation, restarts, responsive, storages };
  }

  async metrics(): Promise<MetricObject[]> {
    if (this.state === 'listening') this.lastMetrics = (await this.ask<MetricObject[]>('metrics')) ?? this.lastMetrics;
    return this.lastMetrics;
  }

  /** When each key was used last there; undefined where it does not answer. */
  async keyUseTimes(): Promise<KeyUseTimes | undefined> {
    return this.state === 'listening' ? await this.ask<KeyUseTimes>('key-uses') : undefined;
  }

  tellUsage(usages: readonly PathUsage[]): void {
    if (usages.length > 0) this.send({ type: 'usage', usages });
  }

  /** Has it count the objects of a path, however long that takes. @returns undefined where it ends meanwhile */
  async measure(path: string): Promise<Measurement | undefined> {
    const question = ++this.question;
    return await new Promise((resolve) => {
      const finish = (measurement: Measurement | undefined): void => {
        this.measurements.delete(finish);
        this.questions.delete(question);
        resolve(measurement);
      };
      this.measurements.add(finish);
      this.questions.set(question, finish);
      this.send({ type: 'measure', question, path });
    });
  }

  drain(graceMs: number): void {
    this.state = 'draining';
    this.send({ type: 'drain', graceMs });
  }

  kill(): void {
    this.process.process.kill('SIGKILL');
  }

  private receive(message: FromWorker): void {
    switch (message.type) {
      case 'hello':
        this.send({ type: 'start', worker: this.number, settings: this.settings, change: this.current() });
        return;
      case 'listening':
        if (this.state === 'starting') this.state = 'listening';
        // What changed while it started.
        if (this.generation !== this.current().snapshot.generation) this.apply(this.current());
        return this.events.listening(message.address);
      case 'failed':
        return this.events.failed(new StartError(message.message, message.code));
      case 'applied':
        this.generation = message.generation;
        return;
      case 'usage':
        return this.events.usage(message.changes);
      case 'answer':
        this.questions.get(message.question)?.(message.answer as never);
        return;
    }
  }

  private ask<Answer>(type: 'report' | 'metrics' | 'key-uses'): Promise<Answer | undefined> {
    const question = ++this.question;
    return new Promise((resolve) => {
      const finish = (answer: Answer | undefined): void => {
        clearTimeout(timer);
        this.questions.delete(question);
        resolve(answer);
      };
      const timer = setTimeout(finish, ANSWER_MS, undefined);
      this.questions.set(question, finish);
      this.send({ type, question });
    });
  }

  private send(message: ToWorker): void {
    if (this.process.isConnected()) this.process.send(message, () => {});
  }
}
