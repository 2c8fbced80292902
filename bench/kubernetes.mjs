// What the benchmarks of the operator share: the API server, S3Buckets, and the gateways' addresses.
import { setTimeout as delay } from 'node:timers/promises';
import { AppsV1Api, CoreV1Api, CustomObjectsApi, KubeConfig, Watch } from '@kubernetes/client-node';

export const S3_BUCKETS = { group: 'bucketway.dev', version: 'v1alpha1', plural: 's3buckets' };

/** The cluster that KUBECONFIG names. */
export class Cluster {
  constructor() {
    this.config = new KubeConfig();
    this.config.loadFromDefault();
    this.core = this.config.makeApiClient(CoreV1Api);
    this.custom = this.config.makeApiClient(CustomObjectsApi);
  }

  /** Makes it where it is not there; one that a run before has deleted goes first. */
  async createNamespace(name) {
    for (;;) {
      try {
        await this.core.createNamespace({ body: { metadata: { name } } });
        return;
      } catch (error) {
        if (error.code !== 409) throw error;
      }
      const there = await this.core.readNamespace({ name }).catch((error) => {
        if (error.code !== 404) throw error;
      });
      if (there !== undefined && there.metadata.deletionTimestamp === undefined) return;
      await delay(200);
    }
  }

  async createBucket(namespace, name, spec = {}) {
    const body = { apiVersion: 'bucketway.dev/v1alpha1', kind: 'S3Bucket', metadata: { name, namespace }, spec };
    await this.custom.createNamespacedCustomObject({ ...S3_BUCKETS, namespace, body });
  }

  async deleteBucket(namespace, name) {
    await this.custom.deleteNamespacedCustomObject({ ...S3_BUCKETS, namespace, name });
  }

  /** Every S3Bucket of a namespace. */
  async buckets(namespace) {
    return (await this.custom.listNamespacedCustomObject({ ...S3_BUCKETS, namespace })).items;
  }

  /** Pods of a release's part (gateway, operator) that are ready. */
  async readyPods(namespace, component) {
    const labelSelector = `app.kubernetes.io/part-of=bucketway,app.kubernetes.io/component=${component}`;
    const { items } = await this.core.listNamespacedPod({ namespace, labelSelector });
    return items.filter(
      ({ metadata, status }) =>
        metadata.deletionTimestamp === undefined &&
        status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
    );
  }

  /** Calls back for every object of a kind as it is added or changed. @param path such as `/api/v1/namespaces/x/secrets` */
  async watch(path, onObject, onEnd) {
    const follow = (type, object) => {
      if (type === 'ADDED' || type === 'MODIFIED') onObject(object);
    };
    return await new Watch(this.config).watch(path, {}, follow, onEnd);
  }
}

export function bucketsPath(namespace) {
  return `/apis/bucketway.dev/v1alpha1/namespaces/${namespace}/s3buckets`;
}

/** The value below which so many of a hundred lie (nearest rank). */
export function percentile(values, percent) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
}

/** The installation in a cluster, for a benchmark that starts and ends its operator. */
export async function startInCluster({ system, deployment, namespaces, keep }) {
  const cluster = new Cluster();
  const { core, custom } = cluster;
  const apps = cluster.config.makeApiClient(AppsV1Api);
  const where = { name: deployment, namespace: system };
  const operators = () => cluster.readyPods(system, 'operator');
  const scale = async (replicas) => {
    const body = await apps.readNamespacedDeploymentScale(where);
    body.spec.replicas = replicas;
    // Whatever the controller of Deployments writes meanwhile: no conflict.
    delete body.metadata.resourceVersion;
    await apps.replaceNamespacedDeploymentScale({ ...where, body });
    while ((await operators()).length !== replicas) await delay(200);
  };
  const metrics = async () => {
    const [pod] = await operators();
    const request = { name: `${pod.metadata.name}:8080`, namespace: system, path: 'metrics' };
    return await core.connectGetNamespacedPodProxyWithPath(request);
  };
  const { replicas } = (await apps.readNamespacedDeploymentScale(where)).spec;
  return {
    createNamespace: (name) => cluster.createNamespace(name),
    createBucket: (namespace, name) => cluster.createBucket(namespace, name),
    deleteBucket: (namespace, name) => cluster.deleteBucket(namespace, name),
    buckets: async () => (await Promise.all(namespaces.map((namespace) => cluster.buckets(namespace)))).flat(),
    bucket: (namespace, name) => custom.getNamespacedCustomObject({ ...S3_BUCKETS, namespace, name }),
    startOperator: () => scale(1),
    stopOperator: () => scale(0),
    metrics,
    // What it has now: nobody outside of a pod sees more.
    peakMemory: async () => Number(/^process_resident_memory_bytes (\S+)/m.exec(await metrics())?.[1]),
    async largestDocument() {
      const request = { namespace: system };
      const lists = [await core.listNamespacedConfigMap(request), await core.listNamespacedSecret(request)];
      const documents = lists
        .flatMap(({ items }) => items)
        .filter(({ metadata }) => /-(?:mappings|credentials)-\d+$/.test(metadata.name));
      return Math.max(0, ...documents.map((object) => JSON.stringify(object).length));
    },
    async stop() {
      if (!keep) for (const name of namespaces) await core.deleteNamespace({ name });
      await scale(replicas);
    },
  };
}
