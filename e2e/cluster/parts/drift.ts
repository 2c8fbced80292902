// What the operator wrote comes back when somebody deletes or edits it, with the same keys, and what was edited is never served.
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { readyBucket, secretOf } from '../buckets.ts';
import { Load } from '../client-pod.ts';
import { check, eventually } from '../harness.ts';
import { entriesOf, find, kubectl, list, patch } from '../kube.ts';
import type { KubeObject, Secret } from '../kube.ts';
import { refusals } from '../release.ts';
import { APPS, SYSTEM } from '../settings.ts';

const SECRET = 'drifting-s3';
/** An odd number, which has a middle one. */
const TURNS = 5;
/** Before the next one: after a few writes in a row, the operator writes a document every two seconds only. */
const REST_MS = 3000;
const DOCUMENTS = 'app.kubernetes.io/managed-by=bucketway-operator';

await readyBucket('drifting');
const load = await Load.start('drifting');
const entries = await secretOf('drifting');

/** Does something some times over while clients use the bucket, and says how long the way back took. */
async function withClients(change: () => Promise<void>, isBack: () => Promise<boolean>): Promise<string> {
  const tookMs: number[] = [];
  const clients = await load.during(async () => {
    for (let turn = 0; turn < TURNS; turn++) {
      if (turn > 0) await delay(REST_MS);
      await change();
      const started = performance.now();
      await eventually('it is back', async () => ((await isBack()) ? true : undefined), 120, 20);
      tookMs.push(Math.round(performance.now() - started));
    }
  });
  const ordered = tookMs.toSorted((a, b) => a - b);
  const median = ordered[(TURNS - 1) / 2];
  return `back within ${median} ms in the median of ${TURNS}, ${ordered.at(-1)} at most; ${clients}`;
}

async function secretIsBack(): Promise<boolean> {
  const secret = await find<Secret>('secret', APPS, SECRET);
  return secret !== undefined && JSON.stringify(entriesOf(secret)) === JSON.stringify(entries);
}

await check('the Secret of an application, deleted', () =>
  withClients(async () => void (await kubectl('delete', 'secret', SECRET, '--namespace', APPS)), secretIsBack),
);

await check('the Secret of an application, edited', () =>
  withClients(
    () => patch('secret', APPS, SECRET, { data: { AWS_SECRET_ACCESS_KEY: btoa('edited'), BUCKET_NAME: null } }),
    secretIsBack,
  ),
);

interface Document extends KubeObject {
  readonly data: Readonly<Record<string, string>>;
}

const sameAs = (kind: string, wanted: readonly Document[]) => async (): Promise<boolean> => {
  const now = await list<Document>(kind, SYSTEM, DOCUMENTS);
  return wanted.every(({ metadata, data }) => {
    const found = now.find(({ metadata: { name } }) => name === metadata.name);
    return (
      found !== undefined && Object.keys(data).every((entry) => contentOf(data, entry) === contentOf(found.data, entry))
    );
  });
};

/** What a document says, without the revision: that counts on. */
function contentOf(data: Document['data'], entry: string): string {
  const value = data[entry] ?? '';
  const text = value.startsWith('{') ? value : Buffer.from(value, 'base64').toString();
  if (!text.startsWith('{')) return text;
  const { buckets, keys } = JSON.parse(text) as { buckets?: unknown; keys?: unknown };
  return JSON.stringify({ buckets, keys });
}

for (const kind of ['configmap', 'secret'] as const) {
  const wanted = await list<Document>(kind, SYSTEM, DOCUMENTS);

  await check(`every ${kind} of documents, deleted`, () =>
    withClients(
      async () => {
        assert.ok(wanted.length > 0);
        await kubectl('delete', kind, '--namespace', SYSTEM, '--selector', DOCUMENTS);
      },
      sameAs(kind, wanted),
    ),
  );

  await check(`every ${kind} of documents, emptied by hand`, () =>
    withClients(
      async () => {
        for (const { metadata, data } of wanted) {
          const empty = JSON.stringify({ version: 1, revision: 1e9, hash: '', buckets: [], keys: {} });
          const value = kind === 'secret' ? btoa(empty) : empty;
          await patch(kind, SYSTEM, metadata.name, {
            data: Object.fromEntries(Object.keys(data).map((entry) => [entry, value])),
          });
        }
      },
      sameAs(kind, wanted),
    ),
  );
}

await check('the keys are the same as before', async () => assert.deepEqual(await secretOf('drifting'), entries));

await load.stop();
await check('RBAC refused the operators nothing', async () => assert.deepEqual(await refusals(), []));
