import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

const running = new Set<ChildProcess>();

// A test runner that ends early must not leave programs behind.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A program of this repository, as a process of its own. */
export class NodeProgram {
  output = '';
  private readonly child: ChildProcess;
  private readonly waiting = new Set<() => void>();
  readonly ended: Promise<number | null>;

  /** @param script the file that Node runs */
  constructor(script: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
    this.child = spawn(process.execPath, [script, ...args], {
      env: { ...process.env, NO_COLOR: '1', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(this.child);
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (data) => {
        this.output += String(data);
        this.tell();
      });
    }
    this.ended = once(this.child, 'close').then(([code]) => {
      running.delete(this.child);
      this.tell();
      return code as number | null;
    });
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Resolves when it printed this. */
  async prints(text: string): Promise<void> {
    while (!this.output.includes(text)) {
      if (!this.isRunning) throw new Error(`it ended before it printed "${text}":\n${this.output.slice(-4000)}`);
      await new Promise<void>((resolve) => this.waiting.add(resolve));
    }
  }

  /** Sends a signal. @returns the exit code once it has ended; null where the signal ended it */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.isRunning) this.child.kill(signal);
    return await this.ended;
  }

  /** Stops it (SIGSTOP) or lets it go on (SIGCONT). */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.child.kill(signal);
  }

  private tell(): void {
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }
}
