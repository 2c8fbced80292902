// How an operator copes with many S3Buckets: time until all are Ready, memory, and requests to the API server.
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { isReady } from './is-ready.mjs';

const HELP = `Measures an operator with many S3Buckets. It creates the S3Buckets as fast as the API
server takes them, with one operator running, and waits until all are Ready; then it starts that operator anew, with
everything there already; then it creates a few more, one after the other.

Usage:
  KUBEBUILDER_ASSETS=… npm run bench:many-buckets -- --local [flags]
  KUBECONFIG=…         npm run bench:many-buckets -- [flags]

Flags:
  --local              Without a cluster: a kube-apiserver and an etcd of KUBEBUILDER_ASSETS, with the built operator and
                       gateways ("npm run build") as processes
  --gateways N         With --local: how many (default 2)
  --heap MEBIBYTES     With --local: what the operator's heap may take (default: what Node takes)
  --before             Create the S3Buckets before the operator starts, as after a restore into a new cluster
  --count N            S3Buckets (default 10000)
  --namespaces N       Over so many namespaces (default 10)
  --system NAMESPACE   In a cluster: where the chart is installed (default bucketway)
  --deployment NAME    In a cluster: the operator's Deployment there (default bucketway-operator)
  --patience SECONDS   For all to become Ready (default 3600)
  --keep               In a cluster: leave the S3Buckets there, for another run or a look

Requests are what the operator says of itself in /metrics. It exits with 1 where the new operator wrote something, but for
its Lease.
`;
const CREATORS = 16;
const MORE = 20;

const { values } = parseArgs({
  options: {
    local: { type: 'boolean', default: false },
    gateways: { type: 'string', default: '2' },
    heap: { type: 'string' },
    before: { type: 'boolean', default: false },
    count: { type: 'string', default: '10000' },
    namespaces: { type: 'string', default: '10' },
    system: { type: 'string', default: 'bucketway' },
    deployment: { type: 'string', default: 'bucketway-operator' },
    patience: { type: 'string', default: '3600' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit();
}

const count = Number(values.count);
const namespaces = Array.from({ length: Number(values.namespaces) }, (_, number) => `bucketway-many-${number}`);
const place = values.local
  ? await (
      await import('./local-installation.mjs')
    ).startLocally({ gateways: Number(values.gateways), heap: values.heap })
  : await (await import('./kubernetes.mjs')).startInCluster({ ...values, namespaces });

const seconds = (from, to = performance.now()) => ((to - from) / 1000).toFixed(1);
const mebibytes = (bytes) => (bytes / 2 ** 20).toFixed(bytes < 2 ** 24 ? 2 : 0);

async function samples() {
  const text = await place.metrics();
  return [...text.matchAll(/^bucketway_operator_(\w+)(?:\{(.*)\})? (\S+)|^(\w+) (\S+)/gm)].map(
    ([, name, labels = '', value, other, otherValue]) => ({
      name: name ?? other,
      labels: Object.fromEntries([...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, label, of]) => [label, of])),
      value: Number(value ?? otherValue),
    }),
  );
}

const READS = new Set(['get', 'list', 'watch']);

/** @returns how many writes there were, but for those of the Lease and of events */
async function report(what, started) {
  const all = await samples();
  const sum = (wanted) => all.filter(({ name }) => name === wanted).reduce((total, { value }) => total + value, 0);
  const requests = new Map();
  let writes = 0;
  for (const { name, labels, value } of all) {
    if (name !== 'kube_requests_total') continue;
    const call = `${labels.verb} ${labels.resource.replace(/\.[^/]*/, '')}`;
    requests.set(call, (requests.get(call) ?? 0) + value);
    if (!READS.has(labels.verb) && !/^(?:leases|events)\b/.test(labels.resource)) writes += value;
  }
  const total = [...requests.values()].reduce((a, b) => a + b, 0);
  const sorted = [...requests].sort(([, a], [, b]) => b - a).map(([call, times]) => `${times} ${call}`);
  console.log(`${what}: ${seconds(started)} s`);
  console.log(
    `    operator: ${mebibytes(await place.peakMemory())} MiB resident at most, ${sum('process_cpu_seconds_total').toFixed(1)} s of CPU`,
  );
  console.log(
    `    ${total} requests to the API server, ${(total / count).toFixed(2)} an S3Bucket: ${sorted.join(', ')}`,
  );
  return writes;
}

async function allReady(started) {
  const end = performance.now() + Number(values.patience) * 1000;
  for (;;) {
    const ready = (await place.buckets()).filter(isReady).length;
    if (process.stderr.isTTY) process.stderr.write(`\r${ready} of ${count} Ready after ${seconds(started)} s `);
    if (ready >= count) return;
    if (performance.now() > end) throw new Error(`Only ${ready} of ${count} are Ready.`);
    await delay(values.local ? 100 : Math.max(500, count / 5));
  }
}

async function create() {
  let next = 0;
  const creator = async () => {
    while (next < count) {
      const number = next++;
      await place.createBucket(namespaces[number % namespaces.length], `many-${number}`);
    }
  };
  await Promise.all(Array.from({ length: CREATORS }, creator));
}

/** When the operator leads and has been through everything once, its queue is empty, and it makes no more passes. */
async function settled(least) {
  let before;
  for (let calm = 0; calm < 5;) {
    const all = await samples().catch(() => []);
    const of = (wanted) => all.find(({ name }) => name === wanted)?.value;
    const passes = all.filter(({ name }) => name === 'reconcile_total').reduce((total, { value }) => total + value, 0);
    const isCalm = of('leader') === 1 && (of('workqueue_depth') ?? 0) === 0 && passes >= least && passes === before;
    calm = isCalm ? calm + 1 : 0;
    before = passes;
    await delay(300);
  }
}

async function createOneAfterTheOther() {
  const times = [];
  const [namespace] = namespaces;
  for (let number = 0; number < MORE; number++) {
    const name = `more-${Date.now().toString(36)}`;
    const started = performance.now();
    await place.createBucket(namespace, name);
    for (;;) {
      const bucket = await place.bucket(namespace, name);
      if (bucket !== undefined && isReady(bucket)) break;
      await delay(20);
    }
    times.push(performance.now() - started);
    await place.deleteBucket(namespace, name);
  }
  return times.toSorted((a, b) => a - b);
}

try {
  for (const namespace of namespaces) await place.createNamespace(namespace);
  await place.stopOperator();
  if (!values.before) {
    await place.startOperator();
    await settled(0);
  }
  let started = performance.now();
  await create();
  console.log(`${count} S3Buckets in ${namespaces.length} namespaces created: ${seconds(started)} s`);
  if (values.before) {
    started = performance.now();
    await place.startOperator();
  }
  await allReady(started);
  await report(`from ${values.before ? 'the start of the operator' : 'the first'} to all Ready`, started);
  console.log(`    the largest object that holds a document: ${mebibytes(await place.largestDocument())} MiB`);

  await settled(count);
  await place.stopOperator();
  started = performance.now();
  await place.startOperator();
  await settled(count);
  await allReady(started);
  const writes = await report('a new operator that finds all of them Ready', started);
  console.log(`    of these, ${writes} writes that are not of its Lease`);
  if (writes > 0) process.exitCode = 1;

  const times = await createOneAfterTheOther();
  const [median, last] = [times[Math.floor(times.length / 2)], times.at(-1)].map(Math.round);
  console.log(`one more, until Ready: median ${median} ms, at most ${last} ms`);
} finally {
  await place.stop();
}
