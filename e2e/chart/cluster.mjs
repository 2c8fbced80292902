// What an API server says to the chart: server-side dry runs of every object of every set of values, strictly, and the
// pods under the restricted Pod Security Standard. What it makes for that, it takes away again.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { check, CHART, NAMESPACE, objectsOf, program, render, REPOSITORY, VALUES_FILES } from './harness.mjs';

const FOREIGN = fileURLToPath(new URL('crds/foreign.yaml', import.meta.url));
const CRD = join(REPOSITORY, 'manifests/crds/s3buckets.bucketway.dev.yaml');
/** Volumes that the restricted standard forbids to pods: who needs them grants them to the namespace. */
const UNRESTRICTED = new Set(['storages', 'scaled']);
/** Classes that have to be there before a pod names them. */
const NEEDS_CLASS = 'priorityClassName';

const kubectl = (args, input) => program('kubectl', args, input === undefined ? undefined : JSON.stringify(input));
const dryRun = (objects, ...flags) =>
  kubectl(
    [
      'apply',
      '--dry-run=server',
      '--server-side',
      '--force-conflicts',
      '--validate=strict',
      '--field-manager=chart-test',
      '--filename=-',
      ...flags,
    ],
    {
      apiVersion: 'v1',
      kind: 'List',
      items: objects,
    },
  );

const made = new Set();

/** Makes namespaces that objects of a dry run can be in. */
async function namespaces(...names) {
  const there = (await kubectl(['get', 'namespaces', '--output=name'])).split('\n');
  for (const name of names.filter((name) => !there.includes(`namespace/${name}`) && !made.has(name))) {
    await kubectl(['create', 'namespace', name]);
    made.add(name);
  }
}

/** Those CRDs of the two files that are there. */
async function crds() {
  const flags = ['--ignore-not-found', '--output=name'];
  return (await kubectl(['get', '--filename', CRD, '--filename', FOREIGN, ...flags])).split('\n').filter(Boolean);
}

const before = new Set(await crds());
await check('the API server takes the CRD', async () => {
  await kubectl(['apply', '--server-side', '--force-conflicts', '--filename', CRD, '--filename', FOREIGN]);
  await kubectl(['wait', '--for=condition=Established', '--timeout=60s', '--filename', CRD, '--filename', FOREIGN]);
});

const restricted = `${NAMESPACE}-restricted`;
await namespaces(NAMESPACE, restricted, 'team-a', 'team-b', 'team-c');
await kubectl(['label', '--overwrite', `namespace/${restricted}`, 'pod-security.kubernetes.io/enforce=restricted']);

for (const [name, file] of VALUES_FILES) {
  const objects = await render(file);
  await check(`${name}: the API server takes all ${objects.length} objects (server-side dry run)`, async () => {
    const inNamespace = objects.map((object) => {
      const global = ['CustomResourceDefinition', 'ClusterRole', 'ClusterRoleBinding'].includes(object.kind);
      return global || object.metadata.namespace
        ? object
        : { ...object, metadata: { ...object.metadata, namespace: NAMESPACE } };
    });
    const said = await dryRun(inNamespace);
    assert.equal(said.trim().split('\n').length, objects.length);
  });
  if (UNRESTRICTED.has(name)) continue;
  await check(`${name}: its pods pass the restricted Pod Security Standard`, async () => {
    const templates = objects.filter(({ kind }) => kind === 'Deployment' || kind === 'Pod');
    assert.ok(templates.length > 0);
    for (const object of templates) {
      const spec = structuredClone(object.spec.template?.spec ?? object.spec);
      delete spec[NEEDS_CLASS];
      // Whose account it is matters not here, and only this one is there.
      spec.serviceAccountName = 'default';
      const metadata = { name: object.metadata.name, namespace: restricted };
      await kubectl(['create', '--dry-run=server', '--filename=-'], { apiVersion: 'v1', kind: 'Pod', metadata, spec });
    }
  });
}

await check('the API server takes manifests/default', async () => {
  await namespaces('bucketway');
  await dryRun(objectsOf(await kubectl(['kustomize', join(REPOSITORY, 'manifests/default')])));
});

await check('the API server takes every sample', async () => {
  const objects = objectsOf(await kubectl(['kustomize', join(REPOSITORY, 'manifests/samples')]));
  await namespaces(...objects.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name));
  await dryRun(objects);
});

await check('helm install agrees with the API server (dry run)', () =>
  program('helm', [
    'install',
    'chart-test',
    CHART,
    '--namespace',
    NAMESPACE,
    '--dry-run=server',
    '--set',
    'crds.enabled=false',
  ]),
);

/** The chart as Helm renders it with a look at the cluster. */
async function renderHere(...flags) {
  const args = ['template', 'chart-test', CHART, '--namespace', NAMESPACE, '--dry-run=server'];
  return objectsOf(await program('helm', [...args, '--set', 'crds.enabled=false', ...flags]));
}

await check('turning autoscaling on keeps as many pods as there are', async () => {
  const scaled = ['--set', 'gateway.autoscaling.enabled=true'];
  const find = (objects) =>
    objects.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name.endsWith('-gateway'));
  const deployment = find(await renderHere(...scaled));
  assert.ok(!('replicas' in deployment.spec), 'there is none yet: the autoscaler decides');
  const { name, namespace } = deployment.metadata;
  const annotations = { 'meta.helm.sh/release-name': 'chart-test', 'meta.helm.sh/release-namespace': NAMESPACE };
  // Paused: nothing is to run here.
  const spec = { ...deployment.spec, replicas: 7, paused: true };
  await kubectl(['create', '--filename=-'], { ...deployment, metadata: { ...deployment.metadata, annotations }, spec });
  try {
    assert.equal(find(await renderHere(...scaled)).spec.replicas, 7);
  } finally {
    await kubectl(['delete', 'deployment', name, '--namespace', namespace]);
  }
});

const rolesOf = async (...flags) =>
  objectsOf(await program('helm', ['template', 'other', CHART, '--namespace', restricted, ...flags])).filter(
    ({ kind }) => ['ClusterRole', 'Role'].includes(kind),
  );
const watch = (...names) => ['--set', `operator.watchNamespaces={${names.join(',')}}`];
for (const [what, others, own, refusal] of [
  ['all namespaces, and so does the other', [], [], /serves the S3Buckets of all namespaces/],
  ['a namespace, and the other all', [], watch('team-a'), /serves the S3Buckets of all namespaces/],
  ['all namespaces, and the other one', watch('team-a'), [], /namespaces that this one would serve too/],
  ['a namespace that the other serves', watch('team-a', 'team-b'), watch('team-b', 'team-c'), /serves team-b already/],
  ['other namespaces', watch('team-a'), watch('team-b'), undefined],
]) {
  await check(`a second release that serves ${what} is ${refusal ? 'refused' : 'taken'}`, async () => {
    const roles = await rolesOf(...others);
    const list = { apiVersion: 'v1', kind: 'List', items: roles };
    await kubectl(['apply', '--filename=-'], list);
    try {
      const rendered = renderHere(...own);
      await (refusal ? assert.rejects(rendered, ({ stderr }) => refusal.test(stderr)) : rendered);
    } finally {
      await kubectl(['delete', '--filename=-'], list);
    }
  });
}

if (made.size > 0) await kubectl(['delete', 'namespace', '--wait=false', ...made]);
const added = (await crds()).filter((name) => !before.has(name));
if (added.length > 0) await kubectl(['delete', ...added]);
