import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { WorkerOrder } from './store-worker.js';

const LOADER = new URL('typescript-source.mjs', import.meta.url).href;
const WORKER = fileURLToPath(new URL('store-worker.ts', import.meta.url));

/** Another process that works on a store. */
export class StoreProcess {
  readonly reports: Record<string, unknown>[] = [];
  private readonly child: ChildProcess;
  private readonly ended: Promise<unknown>;
  private errors = '';
  private waiting: (() => void)[] = [];

  /** @param wrapper a command that runs the process, e.g. a shell that sets limits */
  constructor(order: WorkerOrder) {
    const flags = ['--experimental-transform-types', '--disable-warning=ExperimentalWarning', '--import', LOADER];
    this.child = spawn(process.execPath, [...flags, WORKER, JSON.stringify(order)], {
      env: { ...process.env, STORE_WORKER: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const lines = createInterface({ input: this.child.stdout as NodeJS.ReadableStream });
    lines.on('line', (line) => {
      this.reports.push(JSON.parse(line) as Record<string, unknown>);
      for (const wake of this.waiting.splice(0)) wake();
    });
    this.child.stderr?.on('data', (text) => (this.errors += String(text)));
    this.ended = Promise.all([once(this.child, 'close'), once(lines, 'close')]);
  }

  /** Resolves once so many reports have come. */
  async reported(count: number): Promise<void> {
    while (this.reports.length < count) {
      await Promise.race([new Promise<void>((resolve) => this.waiting.push(resolve)), this.ended]);
      if (this.child.exitCode !== null) throw new Error(`the process has ended: ${this.errors}`);
    }
  }

  /** kill -9. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  /** Resolves when it has done its task. @throws where it failed */
  async done(): Promise<void> {
    await this.ended;
    if (this.child.exitCode !== 0) throw new Error(`the process failed: ${this.errors}`);
  }
}
