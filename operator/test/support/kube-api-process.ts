import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const running = new Set<ChildProcess>();

// A test runner that ends early must not leave servers behind.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** One program of the control plane, which can be started again. */
export class ControlPlaneProcess {
  private child: ChildProcess | undefined;

  constructor(
    private readonly program: string,
    private readonly commandLine: readonly string[],
    private readonly logFile: string,
    private readonly isReady: () => Promise<boolean>,
  ) {}

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** Resolves when the program is ready. */
  async start(patienceMs = 60_000): Promise<void> {
    if (this.child) throw new Error(`${this.program} runs already`);
    const log = openSync(this.logFile, 'a');
    const child = spawn(this.program, this.commandLine, { stdio: ['ignore', log, log] });
    closeSync(log);
    this.child = child;
    running.add(child);
    child.once('exit', () => running.delete(child));
    const deadline = Date.now() + patienceMs;
    while (!(await this.isReady().catch(() => false))) {
      const reason = child.exitCode === null ? undefined : `ended with ${child.exitCode}`;
      if (reason !== undefined || Date.now() > deadline) {
        await this.kill();
        throw new Error(`${this.program} ${reason ?? 'is not ready'}:\n${await this.endOfLog()}`);
      }
      await delay(50);
    }
  }

  /** SIGKILL, or another signal. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.child;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  private async endOfLog(): Promise<string> {
    return (await readFile(this.logFile, 'utf8').catch(() => '')).split('\n').slice(-15).join('\n');
  }
}

/** Ports of the loopback interface that nobody listens on at the moment. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
