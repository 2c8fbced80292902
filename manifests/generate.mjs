#!/usr/bin/env node
// Makes manifests/default, the chart's copy of the CRD, and the roles of an operator of two namespaces that its tests
// install, each from its one source: the chart's templates, and manifests/crds. Run it after a change of either:
// node manifests/generate.mjs
// With --check it changes nothing and says what would change.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { parseDocument, visit } from 'yaml';

const NAMESPACE = 'bucketway';
const CRD = 's3buckets.bucketway.dev.yaml';
const repository = fileURLToPath(new URL('..', import.meta.url));
const chart = join(repository, 'charts/bucketway');
const folder = join(repository, 'manifests/default');
const fencedRoles = join(repository, 'operator/test/support/fenced-rbac.yaml');

/** What only Helm reads. */
const OF_HELM = ['helm.sh/chart', 'helm.sh/resource-policy', 'app.kubernetes.io/managed-by'];

const bin = execFileSync(join(repository, 'e2e/tools/kube-tools'), { encoding: 'utf8' }).trim();

function helm(...flags) {
  const args = ['template', 'bucketway', chart, '--namespace', NAMESPACE, '--skip-tests', ...flags];
  return execFileSync(join(bin, 'helm'), args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

/** The files of manifests/default by name. */
function render() {
  const files = new Map([['namespace.yaml', `apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ${NAMESPACE}\n`]]);
  addDocuments(files, helm('--set', 'crds.enabled=false'));
  files.set('kustomization.yaml', kustomization([...files.keys()].toSorted()));
  return files;
}

/** Adds what Helm printed, by the name of the template. */
function addDocuments(files, output) {
  for (const text of output.split(/^---$/m)) {
    const source = /^# Source: bucketway\/templates\/(.+)\.yaml$/m.exec(text)?.[1];
    if (source === undefined) continue;
    const name = `${source.replaceAll('/', '-')}.yaml`;
    const document = withoutHelm(text.replace(/^# Source: .*\n/m, '').trimStart());
    files.set(name, files.has(name) ? `${files.get(name)}---\n${document}` : document);
  }
  return files;
}

/** What `operator.watchNamespaces` makes of the roles. */
function renderFencedRoles() {
  const output = helm(
    '--set',
    'operator.watchNamespaces={team-a,team-b}',
    '--show-only',
    'templates/operator/rbac.yaml',
  );
  return `# Made by manifests/generate.mjs: change the chart instead.\n${addDocuments(new Map(), output).get('operator-rbac.yaml')}`;
}

function withoutHelm(text) {
  const document = parseDocument(text);
  visit(document, {
    Pair(_, { key }) {
      return OF_HELM.includes(key.value) ? visit.REMOVE : undefined;
    },
  });
  const annotations = document.getIn(['metadata', 'annotations']);
  if (annotations?.items.length === 0) document.deleteIn(['metadata', 'annotations']);
  return document.toString({ lineWidth: 0 });
}

function kustomization(names) {
  return `# The chart with its default values; made by manifests/generate.mjs, so change the chart instead.
#
#   kubectl apply --server-side -k manifests/default
#
# Make an overlay for what differs: the images, the claim, operator.yaml in the ConfigMap bucketway-operator.
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
  - ../crds
${names.map((name) => `  - ${name}\n`).join('')}`;
}

const style = await resolveConfig(join(repository, 'package.json'));
const crd = readFileSync(join(repository, 'manifests/crds', CRD), 'utf8');
const targets = new Map([[join(chart, 'files/crds', CRD), crd]]);
targets.set(fencedRoles, await format(renderFencedRoles(), { ...style, parser: 'yaml' }));
for (const [name, text] of render()) targets.set(join(folder, name), await format(text, { ...style, parser: 'yaml' }));

mkdirSync(folder, { recursive: true });
const stale = readdirSync(folder)
  .map((name) => join(folder, name))
  .filter((file) => !targets.has(file));
const differing = [...targets.keys()].filter((file) => {
  try {
    return readFileSync(file, 'utf8') !== targets.get(file);
  } catch {
    return true;
  }
});
if (process.argv.includes('--check')) {
  for (const file of [...stale, ...differing]) process.stdout.write(`${file} is not what the chart gives\n`);
  process.exitCode = stale.length + differing.length > 0 ? 1 : 0;
} else {
  for (const file of stale) rmSync(file);
  for (const file of differing) writeFileSync(file, targets.get(file));
}
