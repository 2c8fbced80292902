import cluster from 'node:cluster';
import { fileURLToPath } from 'node:url';
import { AggregatorRegistry, Counter } from 'prom-client';
import type { MetricObject, Registry } from 'prom-client';
import type { ListenAddress } from '../config/configuration.js';
import type { ConfigurationChange } from '../config/live-configuration.js';
import type { ApplicationLog } from '../observability/application-log.js';
import type { KeyUseTimes } from '../observability/key-uses.js';
import type { Measurement, PathUsage } from '../usage/bucket-usage.js';
import type { UsageKeeper } from '../usage/usage-keeper.js';
import type { Fleet, ServeSettings, StartError, WorkerStatus } from './fleet.js';
import { trimHeap } from './trim-heap.js';
import { REQUESTS_CUT_OFF } from './worker-messages.js';
import { Worker } from './worker.js';

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 10_000;
/** A worker that lived this long did not fail at its start. */
const HEALTHY_MS = 60_000;
/** What workers get beyond the grace, to cut off what still runs. */
const KILL_AFTER_MS = 2000;

/**
 * A request's garbage is gone within milliseconds; the 32 MiB and more that V8 would let pile up buy no speed here. Native buffers
 * outlive all but full collections, which come at two fifths more heap instead of at twice. And nothing is taken for long-lived because what was made
 * in the same place had to outlive a collection or two: an array so placed keeps all that it held until a full one (ADR 34).
 *
 * Hundreds of functions serve a request, each once: V8 optimizes them a third as late as it would, and lets all that are due wait in line, not
 * only eight of them (ADR 35).
 */
const WORKER_FLAGS = [
  '--max-semi-space-size=6',
  '--heap-growing-percent=40',
  '--no-allocation-site-pretenuring',
  '--invocation-count-for-turbofan=1000',
  '--concurrent-recompilation-queue-length=64',
];

/** A start that is under way. */
interface Start {
  /** The numbers whose process has listened. */
  readonly listened: Set<number>;
  listening(address: ListenAddress): void;
  failed(error: StartError): void;
}

/**
 * Several processes that share one listening socket, through node:cluster. Connections go round robin: each process
 * gets as many, however few there are. A process that dies is replaced.
 */
export class WorkerPool implements Fleet {
  private readonly workers = new Map<number, Worker>();
  private readonly restarts = new Map<number, { count: number; delayMs: number; timer: NodeJS.Timeout | undefined }>();
  /** The counts of processes that died: a sum that went back would look like a reset. */
  private retired: MetricObject[] = [];
  private readonly restartsTotal: Counter;
  /** Those of processes that died are not forgotten. */
  private keyUses = new Map<string, number>();
  private change: ConfigurationChange | undefined;
  /** Until each number's process, or the one that replaced it, has listened. */
  private starting: Start | undefined;
  private closing: (() => void) | undefined;
  private cutOff = false;

  constructor(
    private readonly count: number,
    private readonly settings: ServeSettings,
    private readonly log: ApplicationLog,
    registry: Registry,
    private readonly usage: UsageKeeper,
  ) {
    this.restartsTotal = new Counter({
      name: 'bucketway_worker_restarts_total',
      help: 'Serving processes that died and were replaced.',
      registers: [registry],
    });
    cluster.schedulingPolicy = cluster.SCHED_RR;
    cluster.setupPrimary({
      exec: fileURLToPath(new URL('worker-main.js', import.meta.url)),
      args: [],
      execArgv: [...process.execArgv, ...WORKER_FLAGS],
      serialization: 'advanced',
    });
  }

  start(change: ConfigurationChange): Promise<ListenAddress> {
    this.change = change;
    const started = new Promise<ListenAddress>((listening, failed) => {
      this.starting = { listened: new Set(), listening, failed };
    });
    for (let number = 1; number <= this.count; number++) this.fork(number);
    // While they start, which takes longer.
    trimHeap();
    return started;
  }

  apply(change: ConfigurationChange): void {
    this.change = change;
    for (const worker of this.workers.values()) worker.apply(change);
  }

  async status(): Promise<readonly WorkerStatus[]> {
    const numbers = Array.from({ length: this.count }, (_, index) => index + 1);
    return await Promise.all(numbers.map((number) => this.workers.get(number)?.status() ?? this.waiting(number)));
  }

  async metrics(): Promise<MetricObject[][]> {
    const all = await Promise.all([...this.workers.values()].map((worker) => worker.metrics()));
    return [this.retired, ...all];
  }

  /** The first process that serves counts: the others have more time for clients. */
  async measure(path: string): Promise<Measurement | undefined> {
    const listening = [...this.workers.values()].filter(({ state }) => state === 'listening');
    return await listening.toSorted((a, b) => a.number - b.number)[0]?.measure(path);
  }

  tellUsage(usages: readonly PathUsage[]): void {
    for (const worker of this.workers.values()) worker.tellUsage(usages);
  }

  async keyUseTimes(): Promise<KeyUseTimes> {
    const told = await Promise.all([...this.workers.values()].map((worker) => worker.keyUseTimes()));
    const configured = this.change?.snapshot.identities;
    const merged = new Map<string, number>();
    for (const [id, at] of [this.keyUses, ...told].flatMap((times) => [...(times ?? [])])) {
      if (configured?.has(id) === true) merged.set(id, Math.max(at, merged.get(id) ?? 0));
    }
    return (this.keyUses = merged);
  }

  async close(graceMs: number): Promise<boolean> {
    for (const { timer } of this.restarts.values()) clearTimeout(timer);
    if (this.workers.size === 0) return true;
    await new Promise<void>((resolve) => {
      this.closing = resolve;
      for (const worker of this.workers.values()) worker.drain(graceMs);
      setTimeout(() => {
        this.cutOff = true;
        for (const worker of this.workers.values()) worker.kill();
      }, graceMs + KILL_AFTER_MS).unref();
    });
    return !this.cutOff;
  }

  private fork(number: number): void {
    const restarts = this.restarts.get(number)?.count ?? 0;
    const worker = new Worker(number, restarts, this.settings, () => this.change as ConfigurationChange, {
      listening: (address) => {
        worker.tellUsage(this.usage.all());
        this.listening(number, address);
      },
      failed: (error) => {
        if (this.starting?.listened.has(number) === false) return this.starting.failed(error);
        this.log.error(`worker ${number} cannot serve: ${error.message}`);
        // Its replacement tries again: the port was free once.
        worker.kill();
      },
      usage: (changes) => this.usage.changed(changes),
      exited: (exited, code, signal) => {
        if (this.closing !== undefined && code === REQUESTS_CUT_OFF) this.cutOff = true;
        this.exited(exited, signal ?? `exit code ${code}`);
      },
    });
    this.workers.set(number, worker);
  }

  /** By number and not by process: one that died while it started is stood for by its replacement. */
  private listening(number: number, address: ListenAddress): void {
    const { starting } = this;
    if (starting === undefined || this.closing !== undefined) return;
    if (starting.listened.add(number).size < this.count) return;
    this.starting = undefined;
    starting.listening(address);
  }

  private exited(worker: Worker, how: string): void {
    const { number } = worker;
    this.workers.delete(number);
    if (this.closing !== undefined) {
      if (this.workers.size === 0) this.closing();
      return;
    }
    void this.retire(worker.lastMetrics);
    const before = this.restarts.get(number);
    const lived = performance.now() - worker.startedAt;
    const delayMs =
      lived > HEALTHY_MS ? FIRST_DELAY_MS : Math.min((before?.delayMs ?? FIRST_DELAY_MS / 2) * 2, LONGEST_DELAY_MS);
    this.log.error(`worker ${number} died; replacing it`, { how, delayMs });
    this.restartsTotal.inc();
    const timer = setTimeout(() => this.fork(number), delayMs);
    this.restarts.set(number, { count: (before?.count ?? 0) + 1, delayMs, timer });
  }

  private async retire(metrics: MetricObject[]): Promise<void> {
    const counts = metrics.filter(({ type }) => ['counter', 'histogram'].includes(String(type)));
    this.retired = await AggregatorRegistry.aggregate([this.retired, counts]).getMetricsAsJSON();
  }

  private waiting(number: number): WorkerStatus {
    const restarts = this.restarts.get(number)?.count ?? 0;
    return {
      worker: number,
      pid: undefined,
      state: 'restarting',
      generation: 0,
      restarts,
      responsive: false,
      storages: [],
    };
  }
}
