import type { ConfigMap, Event, Lease, Namespace, Pod, Secret } from './core-objects.js';
import type { KubeObject, ObjectRef } from './kube-object.js';

declare const OBJECT_TYPE: unique symbol;

/** One resource of the API: where its objects are, and of which type they are. */
export interface Resource<T extends KubeObject> {
  /** The empty string is the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Never there: it only lets the compiler tell resources apart. */
  readonly [OBJECT_TYPE]?: T;
}

export const SECRETS: Resource<Secret> = core('secrets', 'Secret');
export const CONFIG_MAPS: Resource<ConfigMap> = core('configmaps', 'ConfigMap');
export const PODS: Resource<Pod> = core('pods', 'Pod');
export const NAMESPACES: Resource<Namespace> = { ...core('namespaces', 'Namespace'), namespaced: false };
export const LEASES: Resource<Lease> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  namespaced: true,
};
export const EVENTS: Resource<Event> = {
  group: 'events.k8s.io',
  version: 'v1',
  plural: 'events',
  kind: 'Event',
  namespaced: true,
};

function core<T extends KubeObject>(plural: string, kind: string): Resource<T> {
  return { group: '', version: 'v1', plural, kind, namespaced: true };
}

/** `v1`, `apps/v1`. */
export function apiVersionOf(resource: Resource<KubeObject>): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

/** `secrets`, `leases.coordination.k8s.io`: the name in messages and metrics. */
export function resourceName(resource: Resource<KubeObject>): string {
  return resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
}

/**
 * The path of a collection, or with `ref.name` of one object.
 *
 * @throws Error for a namespaced object without its namespace, which would otherwise be asked of another path.
 */
export function resourcePath(resource: Resource<KubeObject>, ref: Partial<ObjectRef>, subresource?: string): string {
  const segments = resource.group === '' ? ['api', resource.version] : ['apis', resource.group, resource.version];
  if (resource.namespaced && ref.namespace) segments.push('namespaces', segment(ref.namespace));
  else if (resource.namespaced && ref.name !== undefined) {
    throw new Error(`${resourceName(resource)} "${ref.name}" needs a namespace`);
  }
  segments.push(resource.plural);
  if (ref.name !== undefined) segments.push(segment(ref.name));
  if (subresource) segments.push(subresource);
  return `/${segments.join('/')}`;
}

// No name of the API is empty or made of dots alone, and such a path would lead elsewhere.
function segment(name: string): string {
  if (name === '' || name === '.' || name === '..') throw new Error(`"${name}" is not a name of an object`);
  return encodeURIComponent(name);
}
