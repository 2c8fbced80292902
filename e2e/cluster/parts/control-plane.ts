// The API server is gone for a while: what is served stays served, and afterwards everything goes on. The operator that led ends when
// it cannot renew its lease any more, and is started again.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { changeBucket, readyBucket, secretOf, waitForReady } from '../buckets.ts';
import { Load } from '../client-pod.ts';
import { check, eventually, skip } from '../harness.ts';
import { kubectl } from '../kube.ts';
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

async function outage(load: Load, pids: string): Promise<string> {
  const before = incarnations(await gatewayPods());
  const key = await secretOf('outlasting');
  const clients = await load.during(async () => {
    const start = await stopProcess(join(pids, 'kube-apiserver'));
    await assert.rejects(kubectl('get', '--raw=/readyz'));
    await delay(OUTAGE_MS);
    await start();
    await eventually(
      'the API server is back',
      async () => (await kubectl('get', '--raw=/readyz')) === 'ok' || undefined,
    );
  });
  assert.equal(incarnations(await gatewayPods()), before, 'gateways were replaced');
  assert.deepEqual(await secretOf('outlasting'), key);
  return clients;
}

const pids = E2E_CONTROL_PLANE_PIDS;
if (pids === undefined) {
  skip('the API server is killed and comes back', 'E2E_CONTROL_PLANE_PIDS names no folder');
} else {
  await readyBucket('outlasting');
  const load = await Load.start('outlasting');
  await check(`the API server is gone for ${OUTAGE_MS / 1000} s: no request fails, and no gateway is replaced`, () =>
    outage(load, pids),
  );
  // An API server that starts refuses everybody until it has read its roles.
  const whileItStarted = await eventually('the operators can be asked', async () => new Set(await refusals()));
  await check('then the operator goes on: new buckets and changes', async () => {
    await readyBucket('after-the-outage');
    await changeBucket('outlasting', { accessMode: 'ReadOnly' });
    await waitForReady('outlasting');
  });
  await load.stop();
  await check('RBAC refused the operators nothing once the API server was ready', async () => {
    const later = (await refusals()).filter((line) => !whileItStarted.has(line));
    assert.deepEqual(later, []);
  });
  // What they counted while it started ends with their pods.
  await kubectl('rollout', 'restart', '--namespace', SYSTEM, OPERATOR);
  await kubectl('rollout', 'status', '--namespace', SYSTEM, OPERATOR, '--timeout=240s');
  await nothingEnds();
}
