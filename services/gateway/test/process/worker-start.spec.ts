import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GatewayProcess } from './gateway-process.js';

interface WorkerStatus {
  readonly pid: number;
  readonly state: string;
  readonly restarts: number;
}

describe('a gateway whose workers start', () => {
  let folder: string;
  let file: string;
  let admin: string;
  let gateway: GatewayProcess;
  let struck: number | undefined;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bucketway-start-'));
    mkdirSync(join(folder, 'data'));
    file = join(folder, 'bucketway.yaml');
    // Known beforehand: the gateway tells it only once it serves.
    admin = `127.0.0.1:${await freePort()}`;
    writeFileSync(file, configuration('us-east-1'));
    gateway = new GatewayProcess(['serve', '--config', file]);
  });
  afterEach(async () => {
    if (struck !== undefined && isAlive(struck)) process.kill(struck, 'SIGKILL');
    struck = undefined;
    await gateway.stop('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  function configuration(region: string): string {
    return `listen: 127.0.0.1:0
admin: ${admin}
workers: 2
region: ${region}
storages: [{mount: /, local: {root: ./data}}]
`;
  }

  async function workers(): Promise<readonly WorkerStatus[]> {
    const answer = await fetch(`http://${admin}/status`);
    return ((await answer.json()) as { workers: WorkerStatus[] }).workers;
  }

  /** Sends a signal to the first worker before it listens. */
  async function strike(signal: NodeJS.Signals): Promise<void> {
    const [first] = await vi.waitFor(
      async () => {
        const all = await workers();
        expect(all).toHaveLength(2);
        return all;
      },
      { timeout: 60_000, interval: 5 },
    );
    expect(first?.state).toBe('starting');
    struck = first?.pid as number;
    process.kill(struck, signal);
  }

  it('is ready once the replacement of one that died before it listened does', async () => {
    await strike('SIGKILL');
    await gateway.until(() => gateway.stderr.includes('serving S3 on '));
    expect((await workers()).map(({ state, restarts }) => [state, restarts])).toEqual([
      ['listening', 1],
      ['listening', 0],
    ]);
    expect((await fetch(`http://${admin}/readyz`)).status).toBe(200);
    writeFileSync(file, configuration('eu-central-1'));
    await gateway.until(() => gateway.stderr.includes('"configuration applied","generation":2'));
    expect(await gateway.stop()).toBe(0);
  });

  it('ends when it is told to while one of them hangs', async () => {
    await strike('SIGSTOP');
    expect(await gateway.stop()).toBe(0);
    expect(gateway.stderr).not.toContain('serving S3 on ');
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
