// Alerts and the dashboard: that Prometheus parses them, that the alerts fire when they should, and that every metric and
// label that they name is one that the programs have.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seal } from '@bucketway/contract';
import { stringify } from 'yaml';
import { CHART, check, program, render, REPOSITORY, VALUES_FILES } from './harness.mjs';

const promtool = process.env.PROMTOOL;
const work = mkdtempSync(join(tmpdir(), 'bucketway-monitoring-'));

/** Labels that Prometheus adds to what it reads from a pod. */
const OF_TARGETS = ['namespace', 'pod', 'job', 'instance', 'container', 'endpoint', 'service'];
const OF_HISTOGRAMS = ['_bucket', '_sum', '_count'];

/** Metrics as a registry of prom-client has them. @returns labels by name */
function metricsOf(registry) {
  const known = new Map();
  for (const metric of registry.getMetricsAsArray()) {
    const labels = [...metric.labelNames, ...(metric.type === 'histogram' ? ['le'] : [])];
    known.set(metric.name, labels);
    if (metric.type === 'histogram') for (const suffix of OF_HISTOGRAMS) known.set(metric.name + suffix, labels);
  }
  return known;
}

/** What a running gateway exposes, labels as far as it has series; with two processes, as in a pod. */
async function metricsOfGateway() {
  const file = join(work, 'bucketway.yaml');
  const data = mkdtempSync(join(work, 'data-'));
  // One document, for the labels of what is told of documents.
  const documents = mkdtempSync(join(work, 'documents-'));
  writeFileSync(join(documents, 'mappings-0.json'), JSON.stringify(seal({ buckets: [] }, 1)));
  const configuration = {
    listen: '127.0.0.1:0',
    admin: '127.0.0.1:0',
    workers: 2,
    storages: [{ mount: '/', local: { root: data } }],
    identities: [{ name: 'main', accessKeyId: 'CHARTTESTKEY', secretAccessKey: 'chart-test-secret' }],
    buckets: [{ name: 'photos', path: '/photos', anonymous: 'read-list' }],
    documents: [documents],
  };
  writeFileSync(file, stringify(configuration));
  const gateway = spawn(
    process.execPath,
    [join(REPOSITORY, 'services/gateway/bin/bucketway.js'), 'serve', '--config', file],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  try {
    const [s3, admin] = await addressesOf(gateway);
    // A request that is answered and one that is refused, for the labels of their series.
    await fetch(`http://${s3}/photos?list-type=2`).then((response) => response.text());
    await fetch(`http://${s3}/photos/x`, { method: 'PUT', body: 'x' }).then((response) => response.text());
    return parseExposition(await fetch(`http://${admin}/metrics`).then((response) => response.text()));
  } finally {
    gateway.kill();
  }
}

function addressesOf(gateway) {
  return new Promise((resolve, reject) => {
    let log = '';
    gateway.once('exit', () => reject(new Error(`the gateway ended: ${log}`)));
    gateway.stderr.setEncoding('utf8').on('data', (text) => {
      log += text;
      const started = log.split('\n').find((line) => line.includes('"serving S3 on ') && line.endsWith('}'));
      if (started === undefined) return;
      const { message, admin } = JSON.parse(started);
      resolve([message.replace('serving S3 on ', ''), admin]);
    });
  });
}

/** Prometheus' text format. @returns labels by the name of the metric; those without series have none */
function parseExposition(text) {
  const known = new Map();
  for (const [, name, type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    known.set(name, new Set());
    if (type === 'histogram') for (const suffix of OF_HISTOGRAMS) known.set(name + suffix, new Set());
  }
  for (const [, name, labels = ''] of text.matchAll(/^([a-z_]\w*)(?:\{(.*)\})? \S+$/gim)) {
    for (const [, label] of labels.matchAll(/(\w+)="/g)) known.get(name)?.add(label);
  }
  return new Map([...known].map(([name, labels]) => [name, [...labels]]));
}

/** Metrics that an expression names, with the labels that it matches or keeps of them. */
function usesOf(expression) {
  const names = new Set();
  const labels = new Set();
  for (const [, name, matchers = ''] of expression.matchAll(
    /\b((?:bucketway|process|nodejs|namespace\w*:)[\w:]*)\s*(?:\{([^}]*)\})?/g,
  )) {
    names.add(name);
    for (const [, label] of matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g)) labels.add(label);
  }
  for (const [, list] of expression.matchAll(/\b(?:by|on|without)\s*\(([^)]*)\)/g)) {
    for (const label of list.split(',')) labels.add(label.trim());
  }
  return { names, labels };
}

function assertKnown(expression, known) {
  const { names, labels } = usesOf(expression);
  assert.ok(names.size > 0, `no metric in ${expression}`);
  const there = new Set(OF_TARGETS);
  for (const name of names) {
    assert.ok(known.has(name), `${name} is exposed by no program: ${expression}`);
    for (const label of known.get(name)) there.add(label);
  }
  for (const label of labels)
    assert.ok(there.has(label), `${label} is no label of ${[...names].join(', ')}: ${expression}`);
}

const rules = (await render(VALUES_FILES.get('monitored'))).find(({ kind }) => kind === 'PrometheusRule');
const unfiltered = await render(VALUES_FILES.get('default'), '--set', 'metrics.prometheusRule.enabled=true');
const { groups } = unfiltered.find(({ kind }) => kind === 'PrometheusRule').spec;
const dashboard = JSON.parse(readFileSync(join(CHART, 'files/dashboards/bucketway.json'), 'utf8'));
const queries = [
  ...dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr])),
  ...dashboard.annotations.list.map(({ name, expr }) => [name, expr]),
].map(([title, expr]) => [title, expr.replaceAll('$__rate_interval', '5m').replaceAll(/\$\w+/g, 'x')]);

const known = new Map();
/** `NAME TYPE LABELS` of each. */
const operatorMetrics = [];
await check('a gateway that runs tells what it exposes', async () => {
  for (const [name, labels] of await metricsOfGateway()) known.set(name, labels);
  assert.ok(known.get('bucketway_requests_total').includes('code'));
});
await check('the operator tells what it exposes', async () => {
  const { OperatorMetrics } = await import(join(REPOSITORY, 'operator/dist/observability/operator-metrics.js'));
  const { registry } = new OperatorMetrics();
  for (const [name, labels] of metricsOf(registry)) {
    if (name.startsWith('bucketway_operator_')) known.set(name, labels);
  }
  for (const { name, type, labelNames } of registry.getMetricsAsArray()) {
    if (name.startsWith('bucketway_operator_')) operatorMetrics.push(`${name} ${type} ${labelNames.toSorted()}`);
  }
  assert.ok(known.has('bucketway_operator_leader'));
});
for (const { record, labels } of groups.flatMap(({ rules: all }) => all)) {
  if (record !== undefined) known.set(record, ['namespace', 'operation', ...Object.keys(labels ?? {})]);
}

for (const { alert, record, expr } of groups.flatMap(({ rules: all }) => all)) {
  await check(`${alert ?? record} names what is exposed`, () => assertKnown(expr, known));
}
await check(`the ${queries.length} queries of the dashboard name what is exposed`, () => {
  for (const [, expr] of queries) assertKnown(expr, known);
});

await check('every alert says how bad it is, what is wrong and what to do', () => {
  for (const { alert, labels, annotations } of groups.flatMap(({ rules: all }) => all)) {
    if (alert === undefined) continue;
    assert.match(alert, /^Bucketway[A-Z]/);
    assert.ok(['critical', 'warning', 'info'].includes(labels.severity), alert);
    assert.ok(annotations.summary && annotations.description, alert);
  }
});

await check('docs/observability-kubernetes.md has an entry for every alert and every row of the dashboard', () => {
  const text = readFileSync(join(REPOSITORY, 'docs/observability-kubernetes.md'), 'utf8');
  const alerts = groups.flatMap(({ rules: all }) => all).flatMap(({ alert }) => alert ?? []);
  const rows = dashboard.panels.filter(({ type }) => type === 'row').map(({ title }) => title);
  assert.deepEqual(
    [...alerts.map((alert) => `\`${alert}\``), ...rows].filter((name) => !text.includes(name)),
    [],
  );
});

await check('docs/observability-kubernetes.md has every metric of the operator, with its labels and no others', () => {
  const text = readFileSync(join(REPOSITORY, 'docs/observability-kubernetes.md'), 'utf8');
  const rows = text.matchAll(/^\| `(bucketway_operator_\w+)` +\| (\w+) +\|([^|]*)\|/gm);
  const described = [...rows].map(([, name, type, cell]) => {
    const labels = [...cell.matchAll(/`(\w+)`/g)].map(([, label]) => label);
    return `${name} ${type} ${labels.toSorted()}`;
  });
  assert.deepEqual(described.toSorted(), operatorMetrics.toSorted());
});

await check('alerts are left out by name, and groups are added', () => {
  const names = rules.spec.groups.flatMap((group) => group.rules).map(({ alert }) => alert);
  assert.ok(!names.includes('BucketwayAccessLogDropped'));
  assert.equal(rules.spec.groups.at(-1).name, 'own');
});

await check('no two panels of the dashboard overlap or share an id', () => {
  const ids = dashboard.panels.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
  );
  assert.equal(new Set(cells).size, cells.length);
  assert.ok(dashboard.panels.every(({ gridPos: { x, w } }) => x + w <= 24));
  for (const { type, title, description } of dashboard.panels) assert.ok(type === 'row' || description, title);
});

if (promtool === undefined) {
  console.log('SKIPPED promtool: there is none');
} else {
  await check('promtool accepts the rules', () => {
    writeFileSync(join(work, 'rules.yaml'), stringify({ groups }));
    writeFileSync(join(work, 'filtered.yaml'), stringify(rules.spec));
    return program(promtool, ['check', 'rules', join(work, 'rules.yaml'), join(work, 'filtered.yaml')]);
  });
  await check('the alerts fire when they should, and only then (promtool test rules)', () => {
    const tests = readFileSync(new URL('rules.test.yaml', import.meta.url), 'utf8');
    writeFileSync(join(work, 'rules.test.yaml'), tests);
    return program(promtool, ['test', 'rules', join(work, 'rules.test.yaml')]).catch((error) =>
      assert.fail(`${error.stdout}${error.stderr}`),
    );
  });
  await check('every alert has a test', () => {
    const tests = readFileSync(new URL('rules.test.yaml', import.meta.url), 'utf8');
    const alerts = groups.flatMap(({ rules: all }) => all).flatMap(({ alert }) => alert ?? []);
    assert.deepEqual(
      alerts.filter((alert) => !new RegExp(`alertname(: |=")${alert}\\b`).test(tests)),
      [],
    );
  });
  await check('promtool parses the queries of the dashboard', () => {
    const parsed = queries.map(([, expr], index) => ({ record: `query_${index}`, expr }));
    writeFileSync(join(work, 'queries.yaml'), stringify({ groups: [{ name: 'dashboard', rules: parsed }] }));
    return program(promtool, ['check', 'rules', '--no-lint', join(work, 'queries.yaml')]).catch(() =>
      program(promtool, ['check', 'rules', join(work, 'queries.yaml')]),
    );
  });
}
rmSync(work, { recursive: true });
