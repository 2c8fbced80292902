// helm upgrade and helm rollback, each of which replaces every gateway and operator pod, while clients write and read.
import assert from 'node:assert/strict';
import { readyBucket, secretOf } from '../buckets.ts';
import { Load } from '../client-pod.ts';
import { check } from '../harness.ts';
import { program } from '../program.ts';
import { gatewayPods, helm, incarnations, nothingEnds, operatorPods, refusals } from '../release.ts';
import { RELEASE, SYSTEM } from '../settings.ts';

const CHANGE = ['--set', 'gateway.podAnnotations.e2e=changed', '--set', 'operator.podAnnotations.e2e=changed'];

async function uids(): Promise<ReadonlySet<string | undefined>> {
  return new Set([...(await gatewayPods()), ...(await operatorPods())].map(({ metadata }) => metadata.uid));
}

async function replacesEveryPod(change: () => Promise<unknown>): Promise<void> {
  const before = await uids();
  await change();
  await nothingEnds();
  const kept = [...(await uids())].filter((uid) => before.has(uid));
  assert.deepEqual(kept, []);
}

await readyBucket('upgraded');
const load = await Load.start('upgraded');
const key = await secretOf('upgraded');
await check('RBAC refused the operators nothing until now', async () => assert.deepEqual(await refusals(), []));

await check('helm upgrade replaces every pod: no request fails', () =>
  load.during(() => replacesEveryPod(() => helm('upgrade', ...CHANGE))),
);

await check('helm rollback does so again: no request fails', () =>
  load.during(() =>
    replacesEveryPod(() => program('helm', ['rollback', RELEASE, '--namespace', SYSTEM, '--wait', '--timeout=240s'])),
  ),
);

await check('helm upgrade of what the gateways follow replaces none of them', async () => {
  const before = incarnations(await gatewayPods());
  await helm('upgrade', '--set', 'buckets[0].name=public', '--set', `buckets[0].path=/public`);
  assert.equal(incarnations(await gatewayPods()), before);
});

await check('keys are the same, and new buckets become Ready', async () => {
  assert.deepEqual(await secretOf('upgraded'), key);
  await readyBucket('after-the-upgrade');
});

await load.stop();
await check('RBAC refused the operators nothing', async () => assert.deepEqual(await refusals(), []));
