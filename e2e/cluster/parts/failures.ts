// Pods and processes that end without notice.
import assert from 'node:assert/strict';
import { readyBucket } from '../buckets.ts';
import { Load } from '../client-pod.ts';
import { check, eventually } from '../harness.ts';
import { exec, kubectl } from '../kube.ts';
import { gatewayPods, leader, operatorPods, refusals } from '../release.ts';
import { SYSTEM } from '../settings.ts';

/** What client libraries do by themselves where a connection breaks, and what transfers files where it breaks within a body. */
const USUAL_ATTEMPTS = 4;

async function kill(pod: string): Promise<void> {
  await kubectl('delete', 'pod', pod, '--namespace', SYSTEM, '--grace-period=0', '--force');
}

async function twoGateways(): Promise<void> {
  await kubectl('rollout', 'status', '--namespace', SYSTEM, 'deployment/bucketway-gateway', '--timeout=240s');
}

await readyBucket('enduring');
const load = await Load.start('enduring');
const patient = await Load.start('enduring', USUAL_ATTEMPTS);
await check('RBAC refused the operators nothing until now', async () => assert.deepEqual(await refusals(), []));

await check('the leading operator is killed: the other takes over, and no request fails', () =>
  load.during(async () => {
    const led = await leader();
    await kill(led);
    await eventually('another leads', async () => ((await leader()) === led ? undefined : true));
    await readyBucket('after-the-leader');
  }),
);

await check('both operators are killed: no request fails, and the next ones go on', () =>
  load.during(async () => {
    for (const { metadata } of await operatorPods()) await kill(metadata.name);
    await readyBucket('after-both-operators');
  }),
);

await check('a gateway pod is deleted: no request fails', () =>
  load.during(async () => {
    const [gateway] = await gatewayPods();
    await kubectl(
      'delete',
      'pod',
      gateway?.metadata.name ?? '',
      '--namespace',
      SYSTEM,
      '--wait=true',
      '--timeout=240s',
    );
    await twoGateways();
  }),
);

await check('a gateway pod is killed: clients that repeat a request or a read that breaks off fail none', () =>
  patient.during(async () => {
    const [gateway] = await gatewayPods();
    await kill(gateway?.metadata.name ?? '');
    await readyBucket('after-a-gateway');
    await twoGateways();
  }),
);

await check('a process in a gateway pod is killed: it is replaced, and the same clients fail none', () =>
  patient.during(async () => {
    const [gateway] = await gatewayPods();
    const pod = gateway?.metadata.name ?? '';
    // Debian's slim image has no ps.
    const find = 'grep -l worker-main /proc/[0-9]*/cmdline | cut -d/ -f3 | sort -n | head -1';
    const pid = (await exec(SYSTEM, pod, 'sh', '-c', find)).trim();
    await exec(SYSTEM, pod, 'sh', '-c', `kill -9 ${pid}`);
    await eventually('another process serves', async () => {
      const script =
        "fetch('http://127.0.0.1:9001/status').then((r) => r.text()).then((text) => process.stdout.write(text))";
      const status = JSON.parse(await exec(SYSTEM, pod, 'node', '--eval', script)) as {
        workers: { pid?: number; state: string }[];
      };
      const pids = status.workers.map((worker) => String(worker.pid));
      return (!pids.includes(pid) && status.workers.every(({ state }) => state === 'listening')) || undefined;
    });
  }),
);

await load.stop();
await patient.stop();
await check('RBAC refused the operators nothing', async () => assert.deepEqual(await refusals(), []));
