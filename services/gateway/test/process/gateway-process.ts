import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { S3Client } from '@aws-sdk/client-s3';

const BIN = fileURLToPath(new URL('../../bin/bucketway.js', import.meta.url));

/** How a command ended. */
export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A `bucketway` process of the build in dist, as a user starts it. */
export class GatewayProcess {
  stdout = '';
  stderr = '';
  private readonly child: ChildProcess;
  private readonly exited: Promise<number | null>;
  private readonly waiting = new Set<() => void>();

  constructor(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
    this.child = spawn(process.execPath, [BIN, ...args], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.on('data', (data) => this.said((this.stdout += String(data))));
    this.child.stderr?.on('data', (data) => this.said((this.stderr += String(data))));
    this.exited = once(this.child, 'close').then(([code]) => {
      this.said('');
      return code as number | null;
    });
  }

  /** Runs a command to its end. */
  static async run(args: readonly string[], environment?: NodeJS.ProcessEnv): Promise<CommandResult> {
    const process = new GatewayProcess(args, environment);
    const code = await process.exited;
    return { code, stdout: process.stdout, stderr: process.stderr };
  }

  /** Starts and waits until it serves. */
  static async start(args: readonly string[], environment?: NodeJS.ProcessEnv): Promise<GatewayProcess> {
    const process = new GatewayProcess(['serve', ...args], environment);
    await process.until(() => process.stderr.includes('serving S3 on '));
    return process;
  }

  get pid(): number {
    return this.child.pid as number;
  }

  /** `host:port` of S3. */
  get address(): string {
    return /serving S3 on ([^"\s]+)/.exec(this.stderr)?.[1] ?? '';
  }

  /** Of the admin port. */
  get admin(): string {
    return `http://${/"admin":"([^"]+)"/.exec(this.stderr)?.[1] ?? ''}`;
  }

  client(accessKeyId: string, secretAccessKey: string): S3Client {
    return new S3Client({
      endpoint: `http://${this.address}`,
      region: 'us-east-1',
      forcePathStyle: true,
      maxAttempts: 1,
      credentials: { accessKeyId, secretAccessKey },
    });
  }

  /** Waits until something that was printed makes a condition true. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.child.exitCode !== null) throw new Error(`ended with ${this.child.exitCode}:\n${this.stderr}`);
      await new Promise<void>((resolve) => {
        this.waiting.add(resolve);
      });
    }
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.child.kill(signal);
    return await this.exited;
  }

  private said(_text: string): void {
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }
}
