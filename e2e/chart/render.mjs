// What the chart renders, for each set of values: that pods are locked down, that secrets stay in Secrets, and that the
// programs themselves accept the configuration that it writes for them.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { check, nameOf, NAMESPACE, program, render, REPOSITORY, VALUES_FILES } from './harness.mjs';

const { loadOperatorConfiguration } = await import(
  join(REPOSITORY, 'operator/dist/config/load-operator-configuration.js')
).catch(() => ({}));
const { parsePolicy } = await import(join(REPOSITORY, 'operator/dist/policy/parse-policy.js')).catch(() => ({}));

/** What a program of the chart may never have, whatever the values are. */
function assertRestricted({ spec: pod }) {
  assert.equal(pod.securityContext.runAsNonRoot, true);
  assert.equal(pod.securityContext.seccompProfile.type, 'RuntimeDefault');
  assert.ok(!pod.hostNetwork && !pod.hostPID && !pod.hostIPC);
  for (const container of [...pod.containers, ...(pod.initContainers ?? [])]) {
    const { allowPrivilegeEscalation, capabilities, readOnlyRootFilesystem } = container.securityContext;
    assert.equal(allowPrivilegeEscalation, false);
    assert.equal(readOnlyRootFilesystem, true);
    assert.deepEqual(capabilities.drop, ['ALL']);
    assert.ok(container.resources.requests.memory && container.resources.limits.memory, 'memory is limited');
  }
}

/** A certificate of nobody, for the configuration's sake. */
async function certificate(folder) {
  const [key, crt] = [join(folder, 'tls.key'), join(folder, 'tls.crt')];
  mkdirSync(folder, { recursive: true });
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=test'];
  await program('openssl', ['req', '-x509', ...curve, '-keyout', key, '-out', crt]);
}

/** Has the gateway check its configuration, with every file that it names in place. */
async function assertServable(text) {
  const work = mkdtempSync(join(tmpdir(), 'bucketway-chart-'));
  try {
    const file = join(work, 'bucketway.yaml');
    const here = text.replaceAll('/etc/bucketway', work).replaceAll('/srv/storages', work);
    for (const [path] of here.matchAll(new RegExp(`${work}/secrets/[\\w./-]+`, 'g'))) {
      mkdirSync(dirname(path), { recursive: true });
      // Each identity needs an id of its own, and a CA has to be a certificate.
      if (path.endsWith('/ca'))
        await certificate(dirname(path)).then(() => program('cp', [join(dirname(path), 'tls.crt'), path]));
      else writeFileSync(path, path.replace(/\W/g, '').slice(-40));
    }
    if (parse(text).tls) await certificate(join(work, 'tls'));
    mkdirSync(join(work, 'documents'), { recursive: true });
    writeFileSync(file, here);
    await program(process.execPath, [join(REPOSITORY, 'services/gateway/bin/bucketway.js'), 'check', file]).catch(
      (error) => assert.fail(error.stdout || error.stderr),
    );
  } finally {
    rmSync(work, { recursive: true });
  }
}

for (const [name, file] of VALUES_FILES) {
  const objects = await render(file);
  const find = (kind, suffix) =>
    objects.find((object) => object.kind === kind && object.metadata.name.endsWith(suffix));
  const deployments = objects.filter(({ kind }) => kind === 'Deployment');

  await check(`${name}: every object is there once, with the chart's labels`, () => {
    assert.equal(new Set(objects.map(nameOf)).size, objects.length);
    for (const object of objects.filter(({ metadata }) => !metadata.name.endsWith('-extra'))) {
      assert.equal(object.metadata.labels['app.kubernetes.io/part-of'], 'bucketway', nameOf(object));
    }
  });

  await check(`${name}: pods are locked down`, () => {
    assert.ok(deployments.length > 0);
    for (const { spec } of deployments) assertRestricted(spec.template);
    for (const pod of objects.filter(({ kind }) => kind === 'Pod')) {
      assert.equal(pod.spec.automountServiceAccountToken, false);
      assert.equal(pod.spec.containers[0].securityContext.readOnlyRootFilesystem, true);
    }
  });

  await check(`${name}: only a rolling update has settings of one`, () => {
    for (const { spec } of deployments) {
      assert.ok(spec.strategy.type === 'RollingUpdate' || !('rollingUpdate' in spec.strategy), spec.strategy.type);
    }
  });

  await check(`${name}: the gateway has no credentials of the cluster and sees no ledger`, () => {
    const { spec } = find('Deployment', '-gateway').spec.template;
    assert.equal(spec.automountServiceAccountToken, false);
    for (const { projected } of spec.volumes) {
      for (const source of projected?.sources ?? []) {
        assert.ok(!('serviceAccountToken' in source));
        const [{ items } = {}] = Object.values(source);
        assert.ok(items?.length > 0, 'only entries that are named');
        assert.ok(items.every(({ key }) => key !== 'ledger.json'));
      }
    }
    assert.ok(!spec.containers[0].envFrom?.some(({ secretRef }) => secretRef?.name.includes('credentials')));
  });

  await check(`${name}: the gateway has time to end`, () => {
    const { spec } = find('Deployment', '-gateway').spec.template;
    const { shutdownGraceSeconds } = parse(find('ConfigMap', '-gateway').data['bucketway.yaml']);
    const sleep = spec.containers[0].lifecycle?.preStop.sleep.seconds ?? 0;
    assert.ok(spec.terminationGracePeriodSeconds > sleep + shutdownGraceSeconds);
  });

  await check(`${name}: the gateway accepts bucketway.yaml`, () =>
    assertServable(find('ConfigMap', '-gateway').data['bucketway.yaml']),
  );

  const operator = deployments.find(({ metadata }) => metadata.name.endsWith('-operator'));
  if (operator === undefined) continue;
  await check(`${name}: the operator accepts operator.yaml and its policy`, () => {
    assert.ok(loadOperatorConfiguration && parsePolicy, 'npm run build builds the operator');
    const work = mkdtempSync(join(tmpdir(), 'bucketway-chart-'));
    try {
      const path = join(work, 'operator.yaml');
      writeFileSync(path, find('ConfigMap', '-operator').data['operator.yaml']);
      const configuration = loadOperatorConfiguration(path, {});
      assert.equal(configuration.namespace, NAMESPACE);
      parsePolicy(configuration.policy);
      const labels = find('Deployment', '-gateway').spec.template.metadata.labels;
      for (const [label, value] of configuration.gateways.selector.split(',').map((term) => term.split('='))) {
        assert.equal(labels[label], value, 'the selector finds the gateways');
      }
    } finally {
      rmSync(work, { recursive: true });
    }
  });

  await check(`${name}: the operator knows the buckets that the gateway fixes`, () => {
    const { buckets = [] } = parse(find('ConfigMap', '-gateway').data['bucketway.yaml']);
    const { reservedBuckets = [] } = parse(find('ConfigMap', '-operator').data['operator.yaml']);
    assert.deepEqual(
      reservedBuckets,
      buckets.map((bucket) => bucket.name),
    );
  });

  await check(`${name}: the gateway mounts what the operator writes`, () => {
    const { documents } = parse(find('ConfigMap', '-operator').data['operator.yaml']);
    const { spec } = find('Deployment', '-gateway').spec.template;
    const { sources } = spec.volumes.find(({ name }) => name === 'documents').projected;
    assert.equal(sources.length, documents.shards * 2);
    for (let shard = 0; shard < documents.shards; shard++) {
      const entry = (kind) => [{ key: `${kind}-${shard}.json`, path: `${kind}-${shard}.json` }];
      const optional = true;
      assert.deepEqual(sources[2 * shard], {
        configMap: { name: `${documents.name}-mappings-${shard}`, optional, items: entry('mappings') },
      });
      assert.deepEqual(sources[2 * shard + 1], {
        secret: { name: `${documents.name}-credentials-${shard}`, optional, items: entry('credentials') },
      });
    }
  });
}

await check('what outlives the chart is what users lose sleep over: the CRD and the claims', async () => {
  const objects = await render(VALUES_FILES.get('storages'));
  const kept = objects.filter(({ metadata }) => metadata.annotations?.['helm.sh/resource-policy'] === 'keep');
  assert.deepEqual(kept.map(({ kind }) => kind).toSorted(), ['CustomResourceDefinition', 'PersistentVolumeClaim']);
});

await check('the CRD is not kept where crds.keep is false', async () => {
  const objects = await render(VALUES_FILES.get('fenced'));
  const crd = objects.find(({ kind }) => kind === 'CustomResourceDefinition');
  assert.equal(crd.metadata.annotations, undefined);
});

for (const [namespaces, hooks] of [
  [[], 2],
  [['team-a'], 0],
  [['team-a', NAMESPACE], 2],
]) {
  await check(`of watchNamespaces [${namespaces.join(', ')}], helm test has ${hooks} objects`, async () => {
    const watched = `operator.watchNamespaces=${JSON.stringify(namespaces)}`;
    const objects = await render(VALUES_FILES.get('default'), '--set-json', watched);
    const tests = objects.filter(({ metadata }) => metadata.annotations?.['helm.sh/hook'] === 'test');
    assert.equal(tests.length, hooks);
  });
}

await check('a certificate has each name once', async () => {
  const names = 'tls.certManager.dnsNames={s3.example.com,files.example.com}';
  const objects = await render(VALUES_FILES.get('certificates'), '--set', names);
  const { dnsNames } = objects.find(({ kind }) => kind === 'Certificate').spec;
  assert.deepEqual(dnsNames, [...new Set(dnsNames)]);
  for (const name of ['s3.example.com', '*.s3.example.com', 'files.example.com', 'bucketway']) {
    assert.ok(dnsNames.includes(name), name);
  }
});

const RESTARTS = [
  ['a storage', 'storages=[{"name":"data","mount":"/x","existingClaim":"y"}]', false],
  ['a region', 'region="eu-west-1"', false],
  ['the policy', 'policy={"preset":"permissive"}', false],
  ['workers', 'gateway={"workers":7}', true],
  ['the address that it listens on', 'listenHost="[::]"', true],
  ['the access log', 'gateway={"accessLog":"off"}', true],
];
for (const [what, value, restarts] of RESTARTS) {
  await check(`the gateway ${restarts ? 'restarts' : 'does not restart'} for a change of ${what}`, async () => {
    const checksum = async (...flags) => {
      const objects = await render(VALUES_FILES.get('default'), ...flags);
      const deployment = objects.find((object) => nameOf(object) === `Deployment ${NAMESPACE}/bucketway-gateway`);
      return deployment.spec.template.metadata.annotations['checksum/restart'];
    };
    assert.equal((await checksum()) !== (await checksum('--set-json', value)), restarts);
  });
}

async function notes(...flags) {
  const chart = join(REPOSITORY, 'charts/bucketway');
  const args = ['install', 'bucketway', chart, '--namespace', NAMESPACE, '--dry-run=client'];
  return (await program('helm', [...args, ...flags])).split('NOTES:')[1];
}

await check('the notes name the endpoint, the next three commands, and what is kept', async () => {
  const said = await notes();
  for (const text of [
    /http:\/\/bucketway\.storage\.svc:9000/,
    /kubectl apply/,
    /kubectl wait -n default/,
    /kubectl run -n default/,
    /helm test bucketway -n storage/,
    /helm uninstall keeps the CRD .*, the claims .*, the keys in bucketway-credentials-\*/,
  ]) {
    assert.match(said, text);
  }
});

await check('the notes name a namespace that the operator serves, and no test in one that it does not', async () => {
  const said = await notes('--set', 'operator.watchNamespaces={team-a,team-b}');
  assert.match(said, /namespace: "team-a"/);
  assert.match(said, /kubectl wait -n team-a/);
  assert.doesNotMatch(said, /-n default|helm test/);
});

await check('the notes of a gateway alone speak of no S3Bucket', async () => {
  const said = await notes('--values', VALUES_FILES.get('laptop'));
  assert.doesNotMatch(said, /S3Bucket|helm test|helm uninstall/);
});
