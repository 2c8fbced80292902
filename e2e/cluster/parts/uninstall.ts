// helm uninstall keeps the CRD, every S3Bucket, its Secret and the data, and says so; installing again takes all of it over.
import assert from 'node:assert/strict';
import { readyBucket, secretOf, waitForReady } from '../buckets.ts';
import { runIn, startClient } from '../client-pod.ts';
import { check } from '../harness.ts';
import { exists, get, list } from '../kube.ts';
import type { S3Bucket } from '../kube.ts';
import { program } from '../program.ts';
import { gatewayPods, helm, operatorPods, refusals } from '../release.ts';
import { APPS, CRD, RELEASE, SYSTEM } from '../settings.ts';

await readyBucket('kept');
const key = await secretOf('kept');
const { metadata } = await get<S3Bucket>('s3bucket', APPS, 'kept');
await startClient('kept');
await runIn('client-of-kept', 'first-use');

await check('RBAC refused the operators nothing until now', async () => assert.deepEqual(await refusals(), []));

await check('helm uninstall says what it keeps', async () => {
  const said = await program('helm', ['uninstall', RELEASE, '--namespace', SYSTEM, '--wait', '--timeout=240s']);
  assert.match(said, /kept/);
  assert.match(said, new RegExp(CRD.replace('.', '\\.')));
  assert.equal((await gatewayPods()).length + (await operatorPods()).length, 0);
});

await check('the CRD, the S3Bucket, its Secret, the documents and the claim are still there', async () => {
  assert.ok(await exists('crd', CRD));
  assert.equal((await get<S3Bucket>('s3bucket', APPS, 'kept')).metadata.uid, metadata.uid);
  assert.deepEqual(await secretOf('kept'), key);
  const documents = await list('secret', SYSTEM, 'app.kubernetes.io/managed-by=bucketway-operator');
  assert.ok(documents.length > 0);
});

await check('helm install takes all of it over: Ready, with the same keys', async () => {
  await helm('install');
  await waitForReady('kept');
  assert.deepEqual(await secretOf('kept'), key);
});

await check('a client that was there all the time reads what it wrote before', async () => {
  assert.deepEqual(JSON.parse(await runIn('client-of-kept', 'keys', 'folder/')), { 'folder/hello.txt': 'hello' });
});

await check('RBAC refused the operators nothing', async () => assert.deepEqual(await refusals(), []));
