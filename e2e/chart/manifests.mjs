// manifests/ beside the chart: one CRD, one default install, samples that name nothing that is not there.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHART, check, nameOf, objectsOf, program, REPOSITORY } from './harness.mjs';

const manifests = join(REPOSITORY, 'manifests');
const kustomize = async (folder) => objectsOf(await program('kubectl', ['kustomize', join(manifests, folder)]));

/** An object without what only Helm reads. */
function plain(object) {
  const copy = structuredClone(object);
  const { labels, annotations } = copy.metadata;
  for (const label of ['helm.sh/chart', 'app.kubernetes.io/managed-by']) delete labels?.[label];
  delete annotations?.['helm.sh/resource-policy'];
  if (annotations && Object.keys(annotations).length === 0) delete copy.metadata.annotations;
  return copy;
}

const byName = (objects) => new Map(objects.map((object) => [nameOf(object), plain(object)]));

await check('the CRD of the chart is that of manifests/crds', () => {
  const name = 's3buckets.bucketway.dev.yaml';
  const [source, copy] = [join(manifests, 'crds', name), join(CHART, 'files/crds', name)].map((file) =>
    readFileSync(file, 'utf8'),
  );
  assert.equal(copy, source, 'run node manifests/generate.mjs');
});

await check('manifests/default is what generate.mjs makes', () =>
  program(process.execPath, [join(manifests, 'generate.mjs'), '--check']).catch((error) =>
    assert.fail(error.stdout || error.stderr),
  ),
);

await check('kustomize build of manifests/default equals helm template of the default values', async () => {
  const args = ['template', 'bucketway', CHART, '--namespace', 'bucketway', '--skip-tests'];
  const chart = byName(objectsOf(await program('helm', args)));
  const kustomized = byName(await kustomize('default'));
  assert.ok(kustomized.delete('Namespace /bucketway'));
  // A CRD has no labels of the chart there: it is the same for every install.
  delete chart.get('CustomResourceDefinition /s3buckets.bucketway.dev').metadata.labels;
  assert.deepEqual([...kustomized.keys()].toSorted(), [...chart.keys()].toSorted());
  for (const [name, object] of chart) assert.deepEqual(kustomized.get(name), object, name);
});

await check('each sample names namespaces and Secrets that it or an S3Bucket of it makes', async () => {
  const objects = await kustomize('samples');
  const namespaces = new Set(objects.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name));
  const secrets = new Set();
  for (const { kind, metadata, spec } of objects) {
    if (kind === 'Secret') secrets.add(`${metadata.namespace}/${metadata.name}`);
    if (kind === 'S3Bucket')
      secrets.add(`${metadata.namespace}/${spec?.credentials?.secretName ?? `${metadata.name}-s3`}`);
  }
  for (const object of objects.filter(({ kind }) => kind !== 'Namespace')) {
    const { namespace } = object.metadata;
    assert.ok(namespaces.has(namespace), nameOf(object));
    const pod = object.spec?.template?.spec;
    const named = [
      ...(pod?.containers ?? []).flatMap(({ envFrom = [] }) => envFrom.map(({ secretRef }) => secretRef?.name)),
      ...(pod?.volumes ?? []).map(({ secret }) => secret?.secretName),
      object.spec?.credentials?.existingSecretRef?.name,
    ].filter((name) => name !== undefined);
    for (const name of named) assert.ok(secrets.has(`${namespace}/${name}`), `${nameOf(object)} names ${name}`);
  }
});
