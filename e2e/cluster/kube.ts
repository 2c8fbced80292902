// The cluster, by kubectl: whatever KUBECONFIG needs to get there (plugins, proxies, certificates) works.
import { setTimeout as delay } from 'node:timers/promises';
import { program } from './program.ts';

/** What the checks look at in objects. */
export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

export interface Secret extends KubeObject {
  readonly data: Readonly<Record<string, string>>;
}

export interface Pod extends KubeObject {
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly phase?: string;
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly { readonly restartCount: number }[];
  };
}

export interface S3Bucket extends KubeObject {
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status?: {
    readonly observedGeneration?: number;
    readonly path?: string;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason: string;
      readonly message: string;
    }[];
    readonly programmed?: { readonly gateways?: string; readonly latencyMs?: number };
    readonly credentials?: {
      readonly accessKeyId?: string;
      readonly rotationPhase?: string;
      readonly observedRotationRequest?: string;
    };
  };
}

export async function kubectl(...args: readonly string[]): Promise<string> {
  return await program('kubectl', args);
}

/** `kubectl apply` of objects. */
export async function apply(...objects: readonly object[]): Promise<string> {
  const items = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
  return await program('kubectl', ['apply', '--filename=-'], { input: items });
}

/** @throws where it is not there */
export async function get<Kind extends KubeObject>(kind: string, namespace: string, name: string): Promise<Kind> {
  return JSON.parse(await kubectl('get', kind, name, '--namespace', namespace, '--output=json')) as Kind;
}

/** Undefined where it is not there. */
export async function find<Kind extends KubeObject>(
  kind: string,
  namespace: string,
  name: string,
): Promise<Kind | undefined> {
  const flags = ['--namespace', namespace, '--ignore-not-found', '--output=json'];
  const text = await kubectl('get', kind, name, ...flags);
  return text === '' ? undefined : (JSON.parse(text) as Kind);
}

export async function list<Kind extends KubeObject>(
  kind: string,
  namespace: string,
  selector = '',
): Promise<readonly Kind[]> {
  const flags = ['--namespace', namespace, '--selector', selector, '--output=json'];
  return (JSON.parse(await kubectl('get', kind, ...flags)) as { items: Kind[] }).items;
}

export async function patch(kind: string, namespace: string, name: string, change: object): Promise<void> {
  await kubectl('patch', kind, name, '--namespace', namespace, '--type=merge', '--patch', JSON.stringify(change));
}

/** Deletes what may not be there, and waits until it is gone. */
export async function remove(kind: string, namespace: string, ...names: readonly string[]): Promise<void> {
  await kubectl('delete', kind, ...names, '--namespace', namespace, '--ignore-not-found', '--timeout=120s');
}

export async function exists(kind: string, name: string): Promise<boolean> {
  return (await kubectl('get', kind, name, '--ignore-not-found', '--output=name')) !== '';
}

/** Thrown where a command in a pod did not come to its end because of the way to it. */
export class BrokenOffError extends Error {}

/** What kubectl says where the kubelet, through which it reaches a pod, is away. */
const KUBELET_AWAY =
  /error dialing backend|unable to upgrade connection|connection (refused|reset|lost)|unexpected EOF/i;
const ATTEMPTS = 6;
const PAUSE_MS = 5000;

/** Runs what reaches into a pod, and again where the kubelet was away meanwhile. */
export async function throughKubelet<Answer>(reach: () => Promise<Answer>): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await reach();
    } catch (error) {
      const isAway = error instanceof BrokenOffError || KUBELET_AWAY.test((error as Error).message);
      if (!isAway || attempt === ATTEMPTS) throw error;
      await delay(PAUSE_MS);
    }
  }
}

/** Runs a command in the first container of a pod; it may run twice. */
export async function exec(namespace: string, pod: string, ...command: readonly string[]): Promise<string> {
  return await throughKubelet(() => kubectl('exec', '--namespace', namespace, pod, '--', ...command));
}

/** Entries of a Secret, decoded. */
export function entriesOf({ data }: Secret): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [name, Buffer.from(value, 'base64').toString()]),
  );
}
