// An installation for benchmarks that needs no cluster: a real API server and etcd, a real operator and gateways as
// processes of their own, and what a kubelet would do for the gateways' volumes. The operator's suites run on the same.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SHARDS = 16;

/** Starts one. @param gateways how many @param heap mebibytes for the operator's @returns what a benchmark does with it */
export async function startLocally({ gateways, heap }) {
  const { Installation, NAMESPACE } = await load('operator/test/support/installation.ts');
  const { Reflector } = await load('operator/src/kube/reflector.ts');
  const { S3_BUCKETS } = await load('operator/src/cluster/s3-bucket-resource.ts');
  const { CONFIG_MAPS, NAMESPACES, SECRETS } = await load('operator/src/kube/resource.ts');
  const installation = await Installation.start({
    gateways,
    shards: SHARDS,
    untapped: true,
    ...(heap !== undefined && { operatorEnvironment: { NODE_OPTIONS: `--max-old-space-size=${heap}` } }),
  });
  const { client } = installation.api;
  const replica = installation.operator;
  // Whoever ends a benchmark must not leave an API server behind.
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => void installation.stop().finally(() => process.exit(1)));
  }
  const buckets = new Reflector(client, S3_BUCKETS);
  buckets.start();
  await buckets.synced;

  return {
    async createNamespace(name) {
      await client.create(NAMESPACES, { metadata: { name } }, { fieldManager: 'bench' });
    },
    async createBucket(namespace, name) {
      const body = { apiVersion: 'bucketway.dev/v1alpha1', kind: 'S3Bucket', metadata: { name, namespace }, spec: {} };
      await client.create(S3_BUCKETS, body, { fieldManager: 'bench' });
    },
    async deleteBucket(namespace, name) {
      await client.delete(S3_BUCKETS, { namespace, name });
    },
    /** Every S3Bucket, as a watch has it. */
    buckets: () => [...buckets.store.values()],
    bucket: (namespace, name) => buckets.store.get(`${namespace}/${name}`),
    async startOperator() {
      replica.launch();
    },
    async stopOperator() {
      await replica.stop();
    },
    async metrics() {
      return await (await fetch(`http://127.0.0.1:${replica.port}/metrics`)).text();
    },
    /** The most memory that the operator had resident, in bytes. */
    async peakMemory() {
      const status = await readFile(`/proc/${replica.pid}/status`, 'utf8');
      return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
    },
    /** Bytes of the largest object that holds a document, as the API server stores it. */
    async largestDocument() {
      const selection = { namespace: NAMESPACE };
      const lists = await Promise.all([CONFIG_MAPS, SECRETS].map((kind) => client.list(kind, selection)));
      return Math.max(0, ...lists.flatMap(({ items }) => items.map((item) => JSON.stringify(item).length)));
    },
    log: () => replica.log,
    async stop() {
      await buckets.stop();
      await replica.stop();
      await installation.stop();
    },
  };
}

async function load(path) {
  const options = {
    root: ROOT,
    configFile: false,
    logLevel: 'error',
    oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
    resolve: { alias: { '@bucketway/contract': `${ROOT}packages/contract/src/index.ts` } },
  };
  return (await runnerImport(`${ROOT}${path}`, options)).module;
}
