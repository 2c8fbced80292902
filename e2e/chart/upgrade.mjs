// helm install, upgrade and rollback on a cluster, while clients write: not one request of theirs may fail.
//
//   KUBECONFIG=… IMAGE_TAG=dev e2e/chart/run upgrade
//
// The cluster's nodes must have the gateway's image under that tag. Everything happens in a namespace that is removed.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { CHART, check, program } from './harness.mjs';

const { IMAGE_TAG = 'dev' } = process.env;
const NAMESPACE = 'bucketway-upgrade';
const CLIENTS = 8;
const VALUES = {
  crds: { enabled: false },
  operator: { enabled: false },
  // Of each pod its own, so that any cluster can run this.
  storages: [{ name: 'scratch', mount: '/', emptyDir: {} }],
  identities: [{ name: 'main', secretRef: { name: 'main-key' } }],
  buckets: [{ name: 'upgrade', path: '/', grants: [{ identity: 'main', mode: 'read-write' }] }],
  gateway: { replicas: 1, workers: 2, image: { tag: IMAGE_TAG, pullPolicy: 'IfNotPresent' }, singleNode: false },
};

const kubectl = (args, input) =>
  program('kubectl', ['--namespace', NAMESPACE, ...args], input && JSON.stringify(input));
const helm = (command, values, ...args) =>
  program(
    'helm',
    [command, 'bucketway', ...args, '--namespace', NAMESPACE, '--wait', '--timeout', '150s'],
    values && JSON.stringify(values),
  );
const changed = (gateway) => ({ ...VALUES, gateway: { ...VALUES.gateway, ...gateway } });

const writer = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'writer' },
  spec: {
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        name: 'writer',
        image: `docker.io/bucketway/gateway:${IMAGE_TAG}`,
        imagePullPolicy: 'IfNotPresent',
        workingDir: '/app',
        command: [
          'node',
          '--input-type=module',
          '--eval',
          readFileSync(new URL('writer.mjs', import.meta.url), 'utf8'),
        ],
        env: [
          { name: 'ENDPOINT', value: `http://bucketway.${NAMESPACE}.svc:9000` },
          { name: 'CLIENTS', value: String(CLIENTS) },
        ],
        envFrom: [{ secretRef: { name: 'main-key' } }],
      },
    ],
  },
};

/** What the clients have done until now. */
async function counts() {
  for (;;) {
    const line = await kubectl(['logs', '--tail=1', 'pod/writer']).catch(() => '');
    if (line.startsWith('{')) return JSON.parse(line);
    await setTimeout(500);
  }
}

/** Runs a change, and has the clients write a while before and after it. */
async function whileClientsWrite(change) {
  const before = await counts();
  await change();
  let after = await counts();
  // Until all of them have come round with the pod that is there now.
  for (const target = after.written + 20 * CLIENTS; after.written < target; after = await counts())
    await setTimeout(500);
  assert.deepEqual(after.failed, []);
  return `${after.written - before.written} objects written, ${after.repeated - before.repeated} requests repeated by the clients`;
}

const CHANGES = [
  ['helm upgrade to other processes', () => helm('upgrade', changed({ workers: 1 }), CHART, '--values', '-')],
  [
    'helm upgrade to other resources',
    () =>
      helm(
        'upgrade',
        changed({ resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '2Gi' } } }),
        CHART,
        '--values',
        '-',
      ),
  ],
  ['helm rollback', () => helm('rollback', undefined, '1')],
];

await kubectl(['create', 'namespace', NAMESPACE]);
try {
  await kubectl([
    'create',
    'secret',
    'generic',
    'main-key',
    '--from-literal=AWS_ACCESS_KEY_ID=UPGRADETESTKEY',
    '--from-literal=AWS_SECRET_ACCESS_KEY=upgrade/test+secret',
  ]);
  await check('upgrade: helm install', () => helm('install', VALUES, CHART, '--values', '-'));
  await kubectl(['apply', '--filename=-'], writer);
  await kubectl(['wait', '--for=condition=Ready', '--timeout=60s', 'pod/writer']);
  for (const [what, change] of CHANGES) {
    await check(`upgrade: ${what}: no request of ${CLIENTS} clients fails`, async () => {
      console.log(`    ${what}: ${await whileClientsWrite(change)}`);
    });
  }
  await check('upgrade: the new pods took over', async () => {
    const history = JSON.parse(
      await program('helm', ['history', 'bucketway', '--namespace', NAMESPACE, '--output', 'json']),
    );
    assert.equal(history.length, CHANGES.length + 1);
  });
  await check('upgrade: helm uninstall leaves nothing but what is to stay', async () => {
    await program('helm', ['uninstall', 'bucketway', '--namespace', NAMESPACE, '--wait']);
    assert.equal(
      (
        await kubectl([
          'get',
          'deployments,services,configmaps',
          '--selector',
          'app.kubernetes.io/instance=bucketway',
          '--output=name',
        ])
      ).trim(),
      '',
    );
  });
} finally {
  await kubectl(['delete', 'namespace', NAMESPACE, '--wait=false']);
}
