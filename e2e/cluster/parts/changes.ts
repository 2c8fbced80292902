// Mode, keys and path change while everything runs on: no pod is replaced, no container restarts.
import assert from 'node:assert/strict';
import { bucketWhere, changeBucket, readyBucket, secretOf, waitForReady } from '../buckets.ts';
import { runIn, startClient, Load } from '../client-pod.ts';
import { check, eventually } from '../harness.ts';
import { kubectl, remove } from '../kube.ts';
import type { S3Bucket } from '../kube.ts';
import { gatewayPods, incarnations, operatorPods, refusals } from '../release.ts';
import { APPS } from '../settings.ts';

const everyPod = async (): Promise<string> => incarnations([...(await gatewayPods()), ...(await operatorPods())]);
const before = await everyPod();
const addresses = (await gatewayPods()).map(({ status }) => status.podIP).join(',');
type Key = Readonly<Record<string, string>>;

/** What every gateway says to a list, a put and a get; an error where they differ. */
async function outcome({ AWS_ACCESS_KEY_ID: id = '', AWS_SECRET_ACCESS_KEY: secret = '' }: Key): Promise<string> {
  const text = await runIn('client-of-changing', 'outcomes', addresses, 'changing', id, secret);
  const outcomes = new Set(Object.values(JSON.parse(text) as Record<string, string>));
  assert.equal(outcomes.size, 1, `the gateways differ: ${text}`);
  return [...outcomes].join('');
}

/** Of old and new key; long enough to ask every gateway for both, on a machine that has other things to do. */
const OVERLAP = '40s';
const ALL = 'ok ok ok';
const NONE = 'InvalidAccessKeyId InvalidAccessKeyId InvalidAccessKeyId';
const READ_ONLY = 'ok AccessDenied ok';
const current = ({ metadata, status }: S3Bucket & { metadata: { generation?: number } }): boolean =>
  status?.observedGeneration === metadata.generation &&
  (status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false);

let key: Key = {};
await readyBucket('bystander');
const load = await Load.start('bystander');
await check('a bucket is Ready: its key works on every gateway', async () => {
  await readyBucket('changing', { path: `/namespaces/${APPS}/one`, credentials: { rotation: { overlap: OVERLAP } } });
  await startClient('changing');
  key = await secretOf('changing');
  assert.equal(await outcome(key), ALL);
});

await check('accessMode ReadOnly, and back', () =>
  load.during(async () => {
    for (const [accessMode, expected] of [
      ['ReadOnly', READ_ONLY],
      ['ReadWrite', ALL],
    ] as const) {
      await changeBucket('changing', { accessMode });
      await bucketWhere('changing', `is Ready with ${accessMode}`, current);
      assert.equal(await outcome(key), expected);
    }
  }),
);

await check('a rotation: old and new key work at the same time, then only the new one', () =>
  load.during(async () => {
    const old = key;
    await changeBucket('changing', { credentials: { rotationRequest: `at ${Date.now()}` } });
    await bucketWhere('changing', 'has switched', ({ status }) => status?.credentials?.rotationPhase === 'Overlap');
    key = await secretOf('changing');
    assert.notEqual(key.AWS_ACCESS_KEY_ID, old.AWS_ACCESS_KEY_ID);
    assert.equal(await outcome(old), ALL);
    assert.equal(await outcome(key), ALL);
    await bucketWhere(
      'changing',
      'has retired the old key',
      ({ status }) => status?.credentials?.rotationPhase === 'Idle',
    );
    assert.equal(await outcome(old), NONE);
    assert.equal(await outcome(key), ALL);
  }),
);

await check('a revoked key stops at once, and the Secret gets another', () =>
  load.during(async () => {
    const revoked = key;
    const id = revoked.AWS_ACCESS_KEY_ID ?? '';
    await kubectl('annotate', 's3bucket/changing', '--namespace', APPS, `bucketway.dev/revoke=${id}`);
    await eventually('the key is refused', async () => ((await outcome(revoked)) === NONE ? true : undefined));
    key = await eventually('the Secret has another key', async () => {
      const now = await secretOf('changing');
      return now.AWS_ACCESS_KEY_ID === id ? undefined : now;
    });
    assert.equal(await outcome(key), ALL);
  }),
);

await check('another path, by an S3Bucket that takes the place of the first', () =>
  load.during(async () => {
    await remove('s3bucket', APPS, 'changing');
    assert.equal(await outcome(key), NONE);
    await readyBucket('changing', { path: `/namespaces/${APPS}/two` });
    key = await secretOf('changing');
    assert.equal(await outcome(key), ALL);
    await waitForReady('changing');
  }),
);

await check('no pod was replaced and no container restarted by any of this', async () => {
  assert.equal(await everyPod(), before);
});

await load.stop();
await check('RBAC refused the operators nothing', async () => assert.deepEqual(await refusals(), []));
