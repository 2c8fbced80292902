// The user's way: an S3Bucket of four lines, kubectl wait, and a client with nothing but the Secret.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { secretOf } from '../buckets.ts';
import { runIn, runPod, startClient } from '../client-pod.ts';
import { check, skip } from '../harness.ts';
import { exec, get, kubectl } from '../kube.ts';
import type { S3Bucket } from '../kube.ts';
import { program } from '../program.ts';
import { gatewayPods } from '../release.ts';
import { APPS, AWS_CLI, IMAGE_AWS_CLI, RELEASE, SYSTEM } from '../settings.ts';

const FOUR_LINES = `apiVersion: bucketway.dev/v1alpha1
kind: S3Bucket
metadata: {name: photos}
spec: {}
`;

await check('kubectl apply of four lines, kubectl wait --for=condition=Ready', async () => {
  await program('kubectl', ['apply', '--namespace', APPS, '--filename=-'], { input: FOUR_LINES });
  await kubectl('wait', 's3bucket/photos', '--namespace', APPS, '--for=condition=Ready', '--timeout=180s');
  const { status } = await get<S3Bucket>('s3bucket', APPS, 'photos');
  assert.equal(status?.programmed?.gateways, '2/2');
});

await check('kubectl get shows bucket, path, mode, Ready, its reason and the Secret', async () => {
  const table = await kubectl('get', 's3b', '--namespace', APPS);
  assert.match(table, new RegExp(`photos +photos +/namespaces/${APPS}/photos +ReadWrite +True +Ready +photos-s3`));
});

await check('a pod with envFrom of the Secret stores, reads and lists with no further setting', async () => {
  await runIn(await startClient('photos'), 'first-use');
});

const image = IMAGE_AWS_CLI;
if (image === undefined) skip('a pod with envFrom of the Secret runs the AWS CLI', 'IMAGE_AWS_CLI names no image');
else {
  await check('a pod with envFrom of the Secret runs aws s3 cp and ls with no further setting', async () => {
    const [version = '', ...said] = (await runPod('photos', image, 'aws-cli')).split('\n');
    assert.match(said.join('\n'), /20971520 large\.bin/);
    return version.split(' ')[0];
  });
}

const aws = AWS_CLI;
if (aws === undefined) skip('the AWS CLI with the Secret as its environment', 'AWS_CLI names none');
else {
  await check('the AWS CLI with the Secret as its environment copies, lists, syncs and removes', () => useAwsCli(aws));
}

const folder = `/srv/storages/data/namespaces/${APPS}/photos`;
const [gateway] = await gatewayPods();

await check('objects are plain files, and a file that somebody else put there is an object', async () => {
  const inside = (command: string): Promise<string> => exec(SYSTEM, gateway?.metadata.name ?? '', 'sh', '-c', command);
  assert.equal(await inside(`cat ${folder}/folder/hello.txt`), 'hello');
  await inside(`mkdir -p ${folder}/before && echo -n 'older' > ${folder}/before/file.txt`);
  const keys = JSON.parse(await runIn('client-of-photos', 'keys', 'before/')) as Record<string, string>;
  assert.deepEqual(keys, { 'before/file.txt': 'older' });
});

await check('helm test passes', async () => {
  const said = await program('helm', ['test', RELEASE, '--namespace', SYSTEM, '--timeout=240s']);
  assert.match(said, /Phase:\s+Succeeded/);
});

/** Reaches the Service through a port of this machine: names of Services mean nothing outside the cluster. */
async function useAwsCli(command: string): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'bucketway-aws-'));
  const forward = spawn('kubectl', ['port-forward', '--namespace', SYSTEM, `service/${RELEASE}`, ':9000']);
  try {
    const [, port] = (await firstLine(forward.stdout)).match(/127\.0\.0\.1:(\d+)/) ?? [];
    const secret = await secretOf('photos');
    const endpoint = `http://127.0.0.1:${port}`;
    const env = {
      PATH: process.env.PATH,
      HOME: work,
      ...secret,
      AWS_ENDPOINT_URL: endpoint,
      AWS_ENDPOINT_URL_S3: endpoint,
    };
    const run = (...args: string[]): Promise<string> => program(command, args, { env });
    await writeFile(join(work, 'large.bin'), Buffer.alloc(20 << 20, 'large'));
    await run('s3', 'cp', join(work, 'large.bin'), 's3://photos/cli/large.bin');
    assert.match(await run('s3', 'ls', 's3://photos/cli/'), /20971520 large\.bin/);
    await run('s3', 'cp', 's3://photos/cli/large.bin', join(work, 'back.bin'));
    assert.ok((await readFile(join(work, 'back.bin'))).equals(await readFile(join(work, 'large.bin'))));
    await run('s3', 'sync', 's3://photos/folder', join(work, 'synced'));
    assert.equal(await readFile(join(work, 'synced/hello.txt'), 'utf8'), 'hello');
    await run('s3', 'rm', '--recursive', 's3://photos/cli');
    const left = await run('s3api', 'list-objects-v2', '--bucket', 'photos', '--prefix', 'cli/', '--query', 'Contents');
    assert.equal(left, 'null\n');
  } finally {
    forward.kill();
    await rm(work, { recursive: true });
  }
}

async function firstLine(stream: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: stream })) return line;
  throw new Error('kubectl port-forward ended');
}
