// More and fewer gateways, and one storage below all of them.
import assert from 'node:assert/strict';
import { readyBucket, secretOf } from '../buckets.ts';
import { runIn, startClient, Load } from '../client-pod.ts';
import { check } from '../harness.ts';
import { kubectl } from '../kube.ts';
import { gatewayPods, nothingEnds, refusals } from '../release.ts';
import { SYSTEM } from '../settings.ts';

async function scale(replicas: number): Promise<void> {
  await kubectl('scale', 'deployment/bucketway-gateway', '--namespace', SYSTEM, `--replicas=${replicas}`);
  await kubectl('rollout', 'status', '--namespace', SYSTEM, 'deployment/bucketway-gateway', '--timeout=240s');
  await nothingEnds();
  assert.equal((await gatewayPods()).length, replicas);
}

async function addresses(): Promise<string> {
  return (await gatewayPods()).map(({ status }) => status.podIP).join(',');
}

await readyBucket('shared');
const load = await Load.start('shared');
await startClient('shared');

await check('from two gateways to three: no request fails', () => load.during(() => scale(3)));

await check('the new one serves the buckets that were there, and Ready of a new bucket means all three', async () => {
  const { AWS_ACCESS_KEY_ID: id = '', AWS_SECRET_ACCESS_KEY: secret = '' } = await secretOf('shared');
  const outcomes = JSON.parse(
    await runIn('client-of-shared', 'outcomes', await addresses(), 'shared', id, secret),
  ) as object;
  assert.deepEqual(Object.values(outcomes), ['ok ok ok', 'ok ok ok', 'ok ok ok']);
  const { status } = await readyBucket('of-three');
  assert.equal(status?.programmed?.gateways, '3/3');
});

await check('an upload with parts through all of them, and creates of which exactly one succeeds', async () => {
  await runIn('client-of-shared', 'replicas', await addresses());
});

await check('from three gateways to two: no request fails', () => load.during(() => scale(2)));

await load.stop();
await check('RBAC refused the operators nothing', async () => assert.deepEqual(await refusals(), []));
