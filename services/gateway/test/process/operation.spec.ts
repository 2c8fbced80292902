import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get as httpGet } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as tlsConnect } from 'node:tls';
import {
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadBucketCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { seal } from '@bucketway/contract';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GatewayProcess } from './gateway-process.js';
import { KubeletVolume } from './kubelet-volume.js';

const SECRET = 'the-main-secret';

interface Status {
  readonly configuration: {
    readonly generation: number;
    readonly lastReload: { readonly result: string; readonly reasons: readonly string[] };
    readonly documents: readonly { readonly file: string; readonly revision: number; readonly refused?: string }[];
  };
  readonly workers: readonly {
    readonly pid: number;
    readonly generation: number;
    readonly restarts: number;
    readonly state: string;
  }[];
  readonly storages: readonly { readonly mount: string; readonly state: string }[];
}

interface Usage {
  readonly buckets: readonly object[];
  readonly keys: readonly object[];
}

describe.each([1, 2])('a gateway with %i workers', (workers) => {
  let folder: string;
  let file: string;
  let volume: KubeletVolume;
  let gateway: GatewayProcess | undefined;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bucketway-operation-'));
    for (const name of ['one', 'two', 'aaa', 'bbb']) mkdirSync(join(folder, 'data', name), { recursive: true });
    file = join(folder, 'bucketway.yaml');
    volume = new KubeletVolume(join(folder, 'documents'));
    writeFileSync(file, configuration('one'));
  });
  afterEach(async () => {
    await gateway?.stop('SIGKILL');
    gateway = undefined;
    rmSync(folder, { recursive: true });
  });

  function configuration(bucket: string, more = ''): string {
    return `listen: 127.0.0.1:0
admin: 127.0.0.1:0
workers: ${workers}
storages: [{mount: /, local: {root: ./data}}]
identities: [{name: main, accessKeyId: AKMAIN, secretAccessKey: ${SECRET}}]
buckets: [{name: ${bucket}, path: /${bucket}, grants: [{identity: main, mode: admin}]}]
documents: [documents]
${more}`;
  }

  async function start(): Promise<GatewayProcess> {
    return (gateway = await GatewayProcess.start(['--config', file]));
  }

  async function status(of: GatewayProcess): Promise<Status> {
    return (await (await fetch(`${of.admin}/status`)).json()) as Status;
  }

  /** Every worker has applied a generation. */
  async function applied(of: GatewayProcess, generation: number): Promise<void> {
    await vi.waitFor(async () => {
      const { workers: all } = await status(of);
      expect(all.map((worker) => worker.generation)).toEqual(Array.from({ length: workers }, () => generation));
    }, 60_000);
  }

  async function outcome(client: S3Client, bucket: string): Promise<string> {
    try {
      await client.send(new HeadBucketCommand({ Bucket: bucket }));
      return 'ok';
    } catch (error) {
      return (error as Error).name;
    }
  }

  function pair(revision: number, bucket: string, key: string): Record<string, unknown> {
    const grants = [{ accessKeyId: key, mode: 'read-write' }];
    return {
      'mappings-0.json': seal({ buckets: [{ name: bucket, path: `/${bucket}`, grants }] }, revision),
      'credentials-0.json': seal({ keys: { [key]: { secretAccessKey: `${SECRET}-${key}` } } }, revision),
    };
  }

  it('applies a changed file, refuses a bad one whole, and says so', async () => {
    const running = await start();
    const client = running.client('AKMAIN', SECRET);
    expect(await outcome(client, 'one')).toBe('ok');
    writeFileSync(file, configuration('two'));
    await applied(running, 2);
    expect([await outcome(client, 'one'), await outcome(client, 'two')]).toEqual(['NotFound', 'ok']);
    writeFileSync(file, configuration('one', 'regoin: x'));
    await running.until(() => running.stderr.includes('regoin'));
    expect(await outcome(client, 'two')).toBe('ok');
    const { lastReload } = (await status(running)).configuration;
    expect(lastReload).toMatchObject({
      result: 'refused',
      reasons: [expect.stringContaining('regoin: is not a known field')],
    });
    const metrics = await (await fetch(`${running.admin}/metrics`)).text();
    expect(metrics).toMatch(/^bucketway_config_last_reload_successful 0$/m);
    expect(metrics).toMatch(/^bucketway_config_generation 2$/m);
    expect(metrics).toMatch(/^bucketway_config_reloads_total\{result="refused"\} 1$/m);
  });

  it("serves what the kubelet's swap brought, and never a half-updated pair", async () => {
    volume.publish(pair(1, 'aaa', 'AKEY1'));
    const running = await start();
    expect(await outcome(running.client('AKEY1', `${SECRET}-AKEY1`), 'aaa')).toBe('ok');
    const half = pair(2, 'bbb', 'AKEY2');
    volume.publish({ ...pair(1, 'aaa', 'AKEY1'), 'mappings-0.json': half['mappings-0.json'] });
    await running.until(() => running.stderr.includes('names the key AKEY2'));
    expect(await outcome(running.client('AKEY1', `${SECRET}-AKEY1`), 'aaa')).toBe('ok');
    volume.publish(half);
    await applied(running, 2);
    expect(await outcome(running.client('AKEY2', `${SECRET}-AKEY2`), 'bbb')).toBe('ok');
    expect(await outcome(running.client('AKEY1', `${SECRET}-AKEY1`), 'aaa')).not.toBe('ok');
    expect((await status(running)).configuration.documents).toMatchObject([
      { file: 'credentials-0.json', revision: 2 },
      { file: 'mappings-0.json', revision: 2 },
    ]);
    expect(await (await fetch(`${running.admin}/metrics`)).text()).toContain(
      'bucketway_config_revision{document="mappings-0.json"} 2\n',
    );
  });

  it('answers probes, counts requests and logs them, and says no secret', async () => {
    volume.publish(pair(1, 'aaa', 'AKEY1'));
    const running = await start();
    const client = running.client('AKMAIN', SECRET);
    await client.send(new PutObjectCommand({ Bucket: 'one', Key: 'k', Body: 'hello' }));
    const url = await getSignedUrl(client, new GetObjectCommand({ Bucket: 'one', Key: 'k' }));
    expect(await (await fetch(url)).text()).toBe('hello');
    for (const path of ['/healthz', '/readyz']) expect((await fetch(running.admin + path)).status).toBe(200);
    expect((await fetch(`${running.admin}/else`)).status).toBe(404);
    expect((await fetch(`${running.admin}/status`, { method: 'POST' })).status).toBe(405);
    const metrics = await (await fetch(`${running.admin}/metrics`)).text();
    expect(metrics).toContain('bucketway_requests_total{operation="PutObject",status="200",code=""} 1\n');
    expect(metrics).toContain('bucketway_request_sent_bytes_total{operation="GetObject"} 5\n');
    expect((await status(running)).storages).toMatchObject([{ mount: '/', state: 'ready' }]);
    await running.until(() => running.stdout.includes('GetObject'));
    const line = running.stdout.split('\n').find((text) => text.includes('"GetObject"')) ?? '';
    expect(JSON.parse(line)).toMatchObject({
      bucket: 'one',
      key: 'k',
      httpStatus: 200,
      authenticationType: 'QueryString',
    });
    const signature = new URL(url).searchParams.get('X-Amz-Signature') ?? '?';
    const said = running.stdout + running.stderr + metrics + JSON.stringify(await status(running));
    expect(said).not.toContain(SECRET);
    expect(said).not.toContain(signature);
  });

  it('holds all its processes to a quota, and tells how full the bucket is and when keys were used', async () => {
    writeFileSync(join(folder, 'data/one/there'), 'x'.repeat(50));
    writeFileSync(file, configuration('one').replace('path: /one,', 'path: /one, quota: {maxBytes: 60},'));
    const running = await start();
    const usage = async (): Promise<Usage> => (await (await fetch(`${running.admin}/status/usage`)).json()) as Usage;
    await vi.waitFor(async () => expect((await usage()).buckets).toMatchObject([{ size: 50, objects: 1 }]), 60_000);
    await running.client('AKMAIN', SECRET).send(new PutObjectCommand({ Bucket: 'one', Key: 'k', Body: '0123456789' }));
    // Each on a connection of its own, so that each process gets some.
    const begin = async (): Promise<string> => {
      const upload = new CreateMultipartUploadCommand({ Bucket: 'one', Key: 'more' });
      const answer = running.client('AKMAIN', SECRET).send(upload);
      return await answer.then(
        () => 'ok',
        (error: unknown) => (error as Error).name,
      );
    };
    await vi.waitFor(async () => {
      expect(await Promise.all([begin(), begin(), begin(), begin()])).toEqual(Array(4).fill('QuotaExceeded'));
    }, 60_000);
    await vi.waitFor(async () => {
      expect(await usage()).toMatchObject({
        buckets: [{ bucket: 'one', size: 60, objects: 2, approximate: true, exceeded: true }],
        keys: [{ accessKeyId: 'AKMAIN', lastUsedAt: expect.stringMatching(/^\d{4}-.*:00\.000Z$/) as string }],
      });
    }, 60_000);
    const metrics = await (await fetch(`${running.admin}/metrics`)).text();
    expect(metrics).toContain('bucketway_bucket_usage_bytes{bucket="one"} 60\n');
    expect(metrics).toContain('bucketway_bucket_usage_objects{bucket="one"} 2\n');
    expect(metrics).toContain('bucketway_bucket_quota_bytes{bucket="one"} 60\n');
    expect(metrics).not.toContain('bucketway_bucket_quota_objects{');
  });

  it('drains: a running transfer ends, new connections are refused, exit code 0', async () => {
    const running = await start();
    const client = running.client('AKMAIN', SECRET);
    const size = 64 * 1024 * 1024;
    writeFileSync(join(folder, 'data/one/large'), Buffer.alloc(size, 1));
    const url = await getSignedUrl(client, new GetObjectCommand({ Bucket: 'one', Key: 'large' }));
    const response = await new Promise<IncomingMessage>((resolve, reject) => httpGet(url, resolve).on('error', reject));
    // Paused: the rest waits in the gateway and in the sockets between.
    const stopped = running.stop();
    await running.until(() => running.stderr.includes('draining'));
    expect((await fetch(`${running.admin}/readyz`)).status).toBe(503);
    await vi.waitFor(async () => expect(await connects(running.address)).toBe(false), 60_000);
    let received = 0;
    for await (const chunk of response) received += (chunk as Buffer).length;
    expect(received).toBe(size);
    expect(await stopped).toBe(0);
  });

  it('writes each line of its access log once, also those of its last moment', async () => {
    const running = await start();
    const client = running.client('AKMAIN', SECRET);
    for (let turn = 0; turn < 3; turn++) await outcome(client, 'one');
    expect(await running.stop()).toBe(0);
    expect(running.stdout.split('\n').filter((line) => line.includes('"HeadBucket"'))).toHaveLength(3);
  });

  it('does not drop a transfer when the configuration changes under it', async () => {
    const running = await start();
    const client = running.client('AKMAIN', SECRET);
    const size = 64 * 1024 * 1024;
    writeFileSync(join(folder, 'data/one/large'), Buffer.alloc(size, 1));
    const url = await getSignedUrl(client, new GetObjectCommand({ Bucket: 'one', Key: 'large' }));
    const response = await new Promise<IncomingMessage>((resolve, reject) => httpGet(url, resolve).on('error', reject));
    writeFileSync(file, configuration('two'));
    await applied(running, 2);
    let received = 0;
    for await (const chunk of response) received += (chunk as Buffer).length;
    expect(received).toBe(size);
  });

  it.runIf(workers > 1)('replaces a worker that dies', async () => {
    const running = await start();
    const [first] = (await status(running)).workers;
    process.kill(first?.pid as number, 'SIGKILL');
    await vi.waitFor(async () => {
      expect((await status(running)).workers[0]).toMatchObject({ restarts: 1, state: 'listening', generation: 1 });
    }, 60_000);
    expect(await outcome(running.client('AKMAIN', SECRET), 'one')).toBe('ok');
    expect(await (await fetch(`${running.admin}/metrics`)).text()).toContain('bucketway_worker_restarts_total 1\n');
  });

  it.runIf(hasOpenssl())('serves another certificate without a restart', async () => {
    makeCertificate('first');
    writeFileSync(file, configuration('one', 'tls: {certFile: tls.crt, keyFile: tls.key}'));
    const running = await start();
    expect(await commonName(running.address)).toBe('first');
    makeCertificate('second');
    await vi.waitFor(async () => expect(await commonName(running.address)).toBe('second'), 60_000);
  });

  function makeCertificate(name: string): void {
    const files = ['-keyout', join(folder, 'tls.key'), '-out', join(folder, 'tls.crt')];
    const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
    execFileSync('openssl', ['req', ...kind, '-subj', `/CN=${name}`, ...files], { stdio: 'ignore' });
  }
});

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function connects(address: string): Promise<boolean> {
  const [host, port] = address.split(':');
  return new Promise((resolve) => {
    const socket = connect(Number(port), host as string);
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => socket.destroy());
    socket.unref();
  });
}

function commonName(address: string): Promise<string | undefined> {
  const [host, port] = address.split(':');
  return new Promise((resolve, reject) => {
    const socket = tlsConnect({ host: host, port: Number(port), rejectUnauthorized: false }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.once('error', reject);
  });
}
