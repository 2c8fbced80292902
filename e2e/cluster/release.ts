// The release under test.
import { eventually } from './harness.ts';
import { apply, exec, exists, find, kubectl, list, remove } from './kube.ts';
import type { KubeObject, Pod } from './kube.ts';
import { program } from './program.ts';
import {
  APPS,
  CHART,
  CRD,
  E2E_DATA_PATH,
  E2E_STORAGE_CLASS,
  IMAGE_GATEWAY,
  IMAGE_OPERATOR,
  imageValues,
  RELEASE,
  SYSTEM,
  TOOLS,
  VALUES,
} from './settings.ts';

/** A pod that nothing in the restricted Pod Security Standard forbids. */
export const RESTRICTED_POD = {
  runAsNonRoot: true,
  runAsUser: 65532,
  runAsGroup: 65532,
  seccompProfile: { type: 'RuntimeDefault' },
} as const;
export const RESTRICTED_CONTAINER = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
} as const;

const IMAGES = JSON.stringify({
  gateway: { image: imageValues(IMAGE_GATEWAY) },
  operator: { image: imageValues(IMAGE_OPERATOR) },
});

/** `helm install` or `helm upgrade` with the suite's values. @returns what Helm says */
export async function helm(command: 'install' | 'upgrade', ...args: readonly string[]): Promise<string> {
  const values = ['--values', VALUES, '--values', '-'];
  const flags = ['--namespace', SYSTEM, ...values, '--wait', '--timeout=240s', ...args];
  return await program('helm', [command, RELEASE, CHART, ...flags], { input: IMAGES });
}

export async function isInstalled(): Promise<boolean> {
  const names = await program('helm', ['list', '--namespace', SYSTEM, '--short']);
  return names.split('\n').includes(RELEASE);
}

export function gatewayPods(): Promise<readonly Pod[]> {
  return podsOf('gateway');
}

export function operatorPods(): Promise<readonly Pod[]> {
  return podsOf('operator');
}

/** Those that run and are not on their way out. */
async function podsOf(component: string): Promise<readonly Pod[]> {
  const selector = `app.kubernetes.io/instance=${RELEASE},app.kubernetes.io/component=${component}`;
  const pods = await list<Pod>('pods', SYSTEM, selector);
  return pods.filter(({ metadata, status }) => metadata.deletionTimestamp === undefined && status.phase === 'Running');
}

/** Waits until every pod that is on its way out is gone: until then it may have requests to end. */
export async function nothingEnds(): Promise<void> {
  await eventually('pods on their way out are gone', async () => {
    const pods = await list<Pod>('pods', SYSTEM, `app.kubernetes.io/instance=${RELEASE}`);
    return pods.every(({ metadata }) => metadata.deletionTimestamp === undefined) || undefined;
  });
}

/** What tells that a pod was replaced or its container restarted. */
export function incarnations(pods: readonly Pod[]): string {
  return pods
    .map(({ metadata, status }) => `${metadata.name} ${metadata.uid} ${status.containerStatuses?.[0]?.restartCount}`)
    .toSorted()
    .join('\n');
}

/** The operator pod that leads. */
export async function leader(): Promise<string> {
  const lease = await find<KubeObject & { spec: { holderIdentity?: string } }>('lease', SYSTEM, `${RELEASE}-operator`);
  const holder = lease?.spec.holderIdentity ?? '';
  const pod = (await operatorPods()).find(({ metadata: { name } }) => holder.startsWith(name));
  if (pod === undefined) throw new Error(`no operator pod holds the lease, but "${holder}"`);
  return pod.metadata.name;
}

/** What the operators counted as requests that RBAC refused, and said of it. Counts go with their pods: ask before ending one. */
export async function refusals(): Promise<readonly string[]> {
  const found: string[] = [];
  const script =
    "fetch('http://127.0.0.1:8080/metrics').then((r) => r.text()).then((text) => process.stdout.write(text))";
  for (const { metadata } of await operatorPods()) {
    const metrics = await exec(SYSTEM, metadata.name, 'node', '--eval', script);
    if (!metrics.includes('bucketway_operator_kube_requests_total{'))
      throw new Error(`${metadata.name} counts no requests`);
    found.push(
      ...metrics.split('\n').filter((line) => line.includes('kube_requests_total{') && line.includes('code="403"')),
    );
    const log = await kubectl('logs', metadata.name, '--namespace', SYSTEM, '--tail=-1');
    found.push(...log.split('\n').filter((line) => /forbidden|\b403\b/i.test(line)));
  }
  return found;
}

/** Namespaces, and a volume that every replica can mount. */
export async function prepare(): Promise<void> {
  const restricted = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  await apply(namespace(SYSTEM, restricted), namespace(APPS, restricted), namespace(TOOLS, {}));
  await eventually('the namespaces have their ServiceAccounts', async () => {
    for (const name of [SYSTEM, APPS, TOOLS]) await kubectl('get', 'serviceaccount', 'default', '--namespace', name);
    return true;
  });
  if (E2E_STORAGE_CLASS !== undefined) return void (await apply(claim(E2E_STORAGE_CLASS)));
  const [node = ''] = (await kubectl('get', 'nodes', '--output=jsonpath={.items[*].metadata.name}')).split(' ');
  await emptyFolder(node);
  await apply(hostVolume(node), claim(''));
}

/** Takes everything away, also what the chart keeps. */
export async function cleanUp(): Promise<void> {
  // So many at once look like a mishap to the operator, which holds their removal for a minute.
  if (await exists('crd', CRD)) await kubectl('delete', 's3buckets', '--all', '--namespace', APPS, '--timeout=180s');
  if (await isInstalled()) {
    await program('helm', ['uninstall', RELEASE, '--namespace', SYSTEM, '--wait']);
    await kubectl('delete', 'crd', CRD, '--ignore-not-found', '--timeout=180s');
  }
  await remove('namespace', '', APPS, SYSTEM, TOOLS);
  await remove('persistentvolume', '', SYSTEM);
}

function namespace(name: string, labels: Readonly<Record<string, string>>): object {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

function claim(storageClassName: string): object {
  const spec = {
    storageClassName,
    accessModes: ['ReadWriteMany'],
    resources: { requests: { storage: '1Gi' } },
    ...(storageClassName === '' && { volumeName: SYSTEM }),
  };
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'shared', namespace: SYSTEM }, spec };
}

/** A folder of one node, to which the scheduler then sends all gateways. */
function hostVolume(node: string): object {
  const here = { matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] };
  const spec = {
    accessModes: ['ReadWriteMany'],
    capacity: { storage: '1Gi' },
    persistentVolumeReclaimPolicy: 'Retain',
    storageClassName: '',
    hostPath: { path: E2E_DATA_PATH, type: 'DirectoryOrCreate' },
    claimRef: { namespace: SYSTEM, name: 'shared' },
    nodeAffinity: { required: { nodeSelectorTerms: [here] } },
  };
  return { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: SYSTEM }, spec };
}

/** Makes the folder of the volume on its node, empty and the gateway's: fsGroup does not reach into a hostPath. */
async function emptyFolder(nodeName: string): Promise<void> {
  const hostPath = { path: E2E_DATA_PATH, type: 'DirectoryOrCreate' };
  const container = {
    name: 'prepare',
    image: IMAGE_GATEWAY,
    command: ['sh', '-c', 'find /data -mindepth 1 -delete && chown 65532:65532 /data'],
    securityContext: { runAsUser: 0 },
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
  };
  const volumes = [{ name: 'data', hostPath }];
  const spec = { nodeName, restartPolicy: 'Never', containers: [container], volumes };
  await remove('pod', TOOLS, 'prepare');
  await apply({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'prepare', namespace: TOOLS }, spec });
  await kubectl(
    'wait',
    'pod/prepare',
    '--namespace',
    TOOLS,
    '--for=jsonpath={.status.phase}=Succeeded',
    '--timeout=180s',
  );
}
