// From the creation of an S3Bucket to the first signed request that succeeds on every gateway.
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { isReady } from './is-ready.mjs';
import { bucketsPath, Cluster, percentile } from './kubernetes.mjs';
import { SignedRequest } from './signed-request.mjs';

const HELP = `Measures how long an S3Bucket takes: from the call that creates it to the first signed request that every gateway
pod answers with success, and to its condition Ready. One after the other.

Usage:
  KUBECONFIG=… npm run bench:propagation -- [flags]

Flags:
  --count N            S3Buckets (default 100)
  --system NAMESPACE   Where the chart is installed (default bucketway)
  --namespace NAME     Where the S3Buckets go; made where it is not there (default bucketway-bench)
  --pause MS           Before each (default 0)
  --keep               Leave the S3Buckets there

It asks pods by their addresses, so it has to run where these can be reached: on a node, or in a pod. The policy must
give the namespace a default path, as the chart's preset does.
`;
/** Between two requests to one gateway, in milliseconds. */
const EVERY_MS = 10;
const PATIENCE_MS = 120_000;

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '100' },
    system: { type: 'string', default: 'bucketway' },
    namespace: { type: 'string', default: 'bucketway-bench' },
    pause: { type: 'string', default: '0' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit();
}

const { namespace, system } = values;
const cluster = new Cluster();
const addresses = (await cluster.readyPods(system, 'gateway')).map(({ status }) => status.podIP);
if (addresses.length === 0) throw new Error(`No gateway is ready in the namespace ${system}; see --system.`);
await cluster.createNamespace(namespace);

/** By name: what resolves when the object is there, and what the watches call. */
const secrets = new Map();
const readies = new Map();
function waited(map, name) {
  if (!map.has(name)) map.set(name, Promise.withResolvers());
  return map.get(name);
}

let ending = false;
const ended = (error) => {
  if (!ending) throw new Error(`A watch ended: ${error?.message ?? 'no reason'}`);
};
const decode = (data, name) => Buffer.from(data[name] ?? '', 'base64').toString();
const watches = [
  await cluster.watch(
    `/api/v1/namespaces/${namespace}/secrets`,
    ({ metadata, data = {} }) => {
      const accessKey = decode(data, 'AWS_ACCESS_KEY_ID');
      if (accessKey === '') return;
      const key = { accessKey, secretKey: decode(data, 'AWS_SECRET_ACCESS_KEY'), region: decode(data, 'AWS_REGION') };
      waited(secrets, metadata.name).resolve({ ...key, at: performance.now() });
    },
    ended,
  ),
  await cluster.watch(
    bucketsPath(namespace),
    (bucket) => {
      if (isReady(bucket)) waited(readies, bucket.metadata.name).resolve(performance.now());
    },
    ended,
  ),
];

/** Asks a gateway until it answers with success. @returns when */
async function firstSuccess(address, key, bucket) {
  const host = address.includes(':') ? `[${address}]` : address;
  const client = new SignedRequest({ endpoint: `http://${host}:9000`, ...key });
  const end = performance.now() + PATIENCE_MS;
  try {
    while (performance.now() < end) {
      const { status } = await client.send('GET', `/${bucket}`, { query: 'list-type=2&max-keys=1' });
      if (status === 200) return performance.now();
      await delay(EVERY_MS);
    }
  } finally {
    client.close();
  }
  throw new Error(`${address} did not serve ${bucket} within ${PATIENCE_MS / 1000} s.`);
}

async function measure(name) {
  const started = performance.now();
  await cluster.createBucket(namespace, name);
  const created = performance.now();
  const key = await waited(secrets, `${name}-s3`).promise;
  const [ready, ...served] = await Promise.all([
    waited(readies, name).promise,
    ...addresses.map((address) => firstSuccess(address, key, name)),
  ]);
  const since = (at) => at - started;
  return { created: since(created), secret: since(key.at), usable: since(Math.max(...served)), ready: since(ready) };
}

const ROWS = [
  ['created', 'the API server has stored the S3Bucket'],
  ['secret', "the app's Secret is there"],
  ['usable', 'a signed request succeeds on every gateway'],
  ['ready', 'condition Ready'],
];
const prefix = `bench-${Date.now().toString(36)}`;
const names = Array.from({ length: Number(values.count) }, (_, number) => `${prefix}-${number}`);
const results = [];
for (const name of names) {
  await delay(Number(values.pause));
  results.push(await measure(name));
  if (process.stderr.isTTY) process.stderr.write(`\r${results.length} of ${names.length}`);
}

const print = (cells) => console.log(cells.map((cell, column) => String(cell).padEnd(column === 0 ? 46 : 9)).join(''));
console.log(`${results.length} S3Buckets, ${addresses.length} gateways; milliseconds from the call that creates one`);
print(['until', 'median', 'p90', 'p99', 'max']);
for (const [field, what] of ROWS) {
  const times = results.map((result) => result[field]);
  print([what, ...[50, 90, 99, 100].map((percent) => Math.round(percentile(times, percent)))]);
}

ending = true;
for (const watch of watches) watch.abort();
if (!values.keep) {
  // Not all at once: to the operator that would look like a mishap, which it holds for a while.
  for (const name of names) {
    await cluster.deleteBucket(namespace, name);
    await delay(50);
  }
}
