import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { S3Client } from '@aws-sdk/client-s3';

const BIN = fileURLToPath(new URL('../../bin/bucketway.js', import.meta.url));
const KEYS = { accessKeyId: 'GROUPKEY', secretAccessKey: 'secret-of-the-group' };

/**
 * The gateway of the build in dist over a folder, as a user starts it: a supervisor and its workers, in a process group of their
 * own that can be killed as a whole, as a machine that loses its power does it.
 */
export class GatewayGroup implements AsyncDisposable {
  private said = '';
  private readonly clients: S3Client[] = [];

  private constructor(
    private readonly child: ChildProcess,
    readonly exited: Promise<number | null>,
  ) {}

  /** Starts and waits until it serves. */
  static async start(folder: string, workers = 2): Promise<GatewayGroup> {
    const child = spawn(process.execPath, [BIN, 'serve', folder, '--port', '0', '--workers', String(workers)], {
      detached: true,
      env: {
        ...process.env,
        BUCKETWAY_ACCESS_KEY_ID: KEYS.accessKeyId,
        BUCKETWAY_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const exited = once(child, 'close').then(([code]) => code as number | null);
    const group = new GatewayGroup(child, exited);
    await new Promise<void>((resolve, reject) => {
      child.stderr?.on('data', (data) => {
        group.said += String(data);
        if (group.port > 0) resolve();
      });
      void exited.then((code) => reject(new Error(`The gateway ended with ${code}:\n${group.said}`)));
    });
    return group;
  }

  get port(): number {
    return Number(/serving S3 on [^"\s]*:(\d+)/.exec(this.said)?.[1] ?? 0);
  }

  /** What it has written to stderr. */
  get log(): string {
    return this.said;
  }

  /** A client that tries once and has as many connections as it needs. */
  client(): S3Client {
    const client = new S3Client({
      endpoint: `http://127.0.0.1:${this.port}`,
      region: 'us-east-1',
      credentials: KEYS,
      forcePathStyle: true,
      maxAttempts: 1,
      requestHandler: { httpAgent: new Agent({ keepAlive: true, maxSockets: 256 }) },
    });
    this.clients.push(client);
    return client;
  }

  /** SIGTERM to the supervisor, which lets running requests end. */
  terminate(): void {
    this.child.kill('SIGTERM');
  }

  /** SIGKILL to every process at once. */
  async kill(): Promise<void> {
    for (const client of this.clients.splice(0)) client.destroy();
    try {
      process.kill(-(this.child.pid as number), 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
    await this.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

/** Names of the temporary files in a storage. */
export async function temporaryFiles(folder: string): Promise<string[]> {
  const entries = await readdir(join(folder, '.bucketway/tmp'), { withFileTypes: true, recursive: true });
  return entries.filter((entry) => !entry.isDirectory()).map((entry) => entry.name);
}
