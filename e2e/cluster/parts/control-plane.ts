// The API server is gone for a while: what is served stays served, also by a gateway whose container is started again meanwhile, and
// afterwards everything goes on. The operator that led ends when it cannot renew its lease any more, and is started again.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { changeBucket, readyBucket, secretOf, waitForReady } from '../buckets.ts';
import { Load } from '../client-pod.ts';
import { containerProcess } from '../container-process.ts';
import { check, eventually, skip } from '../harness.ts';
import { kubectl } from '../kube.ts';
import type { Pod } from '../kube.ts';
import { gatewayPods, incarnations, nothingEnds, refusals } from '../release.ts';
import { E2E_CONTROL_PLANE_PIDS, SYSTEM } from '../settings.ts';

const OUTAGE_MS = 30_000;
const OPERATOR = 'deployment/bucketway-operator';

/** Ends a process, and returns what starts it again as it was. */
async function stopProcess(pidFile: string): Promise<() => Promise<void>> {
  const pid = Number(await readFile(pidFile, 'utf8'));
  const [command = '', ...args] = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').slice(0, -1);
  const log = await readlink(`/proc/${pid}/fd/1`);
  process.kill(pid, 'SIGKILL');
  return async () => {
    const output = openSync(log, 'a');
    const started = spawn(command, args, { detached: true, stdio: ['ignore', output, output] });
    started.unref();
    await writeFile(pidFile, `${started.pid}\n`);
  };
}

/** Runs something while there is no API server. */
async function withoutApiServer(pids: string, action: () => Promise<unknown>): Promise<void> {
  const start = await stopProcess(join(pids, 'kube-apiserver'));
  try {
    await assert.rejects(kubectl('get', '--raw=/readyz'));
    await action();
  } finally {
    await start();
    await eventually(
      'the API server is back',
      async () => (await kubectl('get', '--raw=/readyz')) === 'ok' || undefined,
    );
  }
}

async function outage(load: Load, pids: string): Promise<string> {
  const before = incarnations(await gatewayPods());
  const key = await secretOf('outlasting');
  const clients = await load.during(() => withoutApiServer(pids, () => delay(OUTAGE_MS)));
  assert.equal(incarnations(await gatewayPods()), before, 'gateways were replaced');
  assert.deepEqual(await secretOf('outlasting'), key);
  return clients;
}

function endpointOf(pod: Pod | undefined): string {
  const address = pod?.status.podIP ?? '';
  return `http://${address.includes(':') ? `[${address}]` : address}:9000`;
}

/** Whether a gateway stores and returns an object: asked from here, since nothing can be run in a pod without an API server. */
async function serves(endpoint: string, key: Readonly<Record<string, string>>): Promise<true> {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId = '',
    AWS_SECRET_ACCESS_KEY: secretAccessKey = '',
    AWS_REGION: region = '',
  } = key;
  const credentials = { accessKeyId, secretAccessKey };
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true, maxAttempts: 1 });
  const object = { Bucket: 'outlasting', Key: 'asked-from-outside' };
  const Body = String(performance.now());
  await client.send(new PutObjectCommand({ ...object, Body }));
  const answer = await client.send(new GetObjectCommand(object));
  assert.equal(await answer.Body?.transformToString(), Body);
  client.destroy();
  return true;
}

/** Clients of one gateway, while the container of the other ends, and is started again by a kubelet that can ask nobody. */
async function restart(ended: Pod, pid: number, load: Load, pids: string): Promise<string> {
  const { name } = ended.metadata;
  const key = await secretOf('outlasting');
  await serves(endpointOf(ended), key);
  let tookMs = 0;
  const clients = await load.during(() =>
    withoutApiServer(pids, async () => {
      process.kill(pid, 'SIGKILL');
      const started = performance.now();
      // Of a pod of that name, and names of pods are never used again: it was not replaced.
      await eventually('it is another process', async () => {
        const now = await containerProcess(name);
        return (now !== undefined && now !== pid) || undefined;
      });
      await eventually('it serves again', () => serves(endpointOf(ended), key));
      tookMs = Math.round(performance.now() - started);
      await assert.rejects(kubectl('get', '--raw=/readyz'));
    }),
  );
  return `served again after ${tookMs} ms; of the other gateway: ${clients}`;
}

const pids = E2E_CONTROL_PLANE_PIDS;
if (pids === undefined) {
  skip('the API server is killed and comes back', 'E2E_CONTROL_PLANE_PIDS names no folder');
} else {
  await readyBucket('outlasting');
  const [ended, other] = await gatewayPods();
  const load = await Load.start('outlasting');
  // Now already: for a minute after an outage, a kubelet starts no pod that needs a Secret.
  const loadOnOther = await Load.start('outlasting', 1, endpointOf(other));
  await check(`the API server is gone for ${OUTAGE_MS / 1000} s: no request fails, and no gateway is replaced`, () =>
    outage(load, pids),
  );
  const pid = ended && (await containerProcess(ended.metadata.name));
  const what = 'a gateway is killed meanwhile: it serves again from its volume, and no request to the other fails';
  if (ended === undefined || pid === undefined) skip(what, 'the gateways do not run on this machine');
  else await check(what, () => restart(ended, pid, loadOnOther, pids));
  await load.stop();
  await loadOnOther.stop();
  // An API server that starts refuses everybody until it has read its roles.
  const whileItStarted = await eventually('the operators can be asked', async () => new Set(await refusals()));
  await check('then the operator goes on: new buckets and changes', async () => {
    await readyBucket('after-the-outage');
    await changeBucket('outlasting', { accessMode: 'ReadOnly' });
    await waitForReady('outlasting');
  });
  await check('RBAC refused the operators nothing once the API server was ready', async () => {
    const later = (await refusals()).filter((line) => !whileItStarted.has(line));
    assert.deepEqual(later, []);
  });
  // What they counted while it started ends with their pods.
  await kubectl('rollout', 'restart', '--namespace', SYSTEM, OPERATOR);
  await kubectl('rollout', 'status', '--namespace', SYSTEM, OPERATOR, '--timeout=240s');
  await nothingEnds();
}
