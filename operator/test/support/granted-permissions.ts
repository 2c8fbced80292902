import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import type { TappedRequest } from './kube-api-tap.js';

/** The operator's roles as they are installed; the chart renders the same. */
export const RBAC_FILE: string = fileURLToPath(
  new URL('../../../manifests/default/operator-rbac.yaml', import.meta.url),
);

/** The same of an operator that serves {@link FENCED_NAMESPACES} only. */
export const FENCED_RBAC_FILE: string = fileURLToPath(new URL('fenced-rbac.yaml', import.meta.url));
export const FENCED_NAMESPACES = ['team-a', 'team-b'] as const;

/** One thing that a role permits: `Role secrets get`. */
export interface Permission {
  readonly role: 'Role' | 'ClusterRole';
  readonly group: string;
  readonly resource: string;
  readonly verb: string;
}

interface RoleManifest {
  readonly kind: string;
  readonly rules?: readonly {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly verbs: readonly string[];
  }[];
}

/** Everything that the operator's roles permit. */
export async function grantedPermissions(): Promise<Permission[]> {
  const roles = parseAllDocuments(await readFile(RBAC_FILE, 'utf8')).map((document) => document.toJS() as RoleManifest);
  return roles.flatMap(({ kind, rules = [] }) =>
    rules.flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) =>
          verbs.map((verb) => ({ role: kind as Permission['role'], group, resource, verb })),
        ),
      ),
    ),
  );
}

/**
 * The permissions that none of these requests needed. What a role of the operator's own namespace permits counts only
 * for requests there, and what the cluster's permits only for those elsewhere.
 */
export function unusedPermissions(
  granted: readonly Permission[],
  requests: readonly TappedRequest[],
  ownNamespace: string,
): string[] {
  const used = new Set<string>();
  for (const { verb, group, resource, namespace, status } of requests) {
    const role = namespace === ownNamespace ? 'Role' : 'ClusterRole';
    used.add(describe({ role, group, resource, verb }));
    // An apply that makes an object needs both.
    if (verb === 'patch' && status === 201) used.add(describe({ role, group, resource, verb: 'create' }));
  }
  return granted.map(describe).filter((permission) => !used.has(permission));
}

function describe({ role, group, resource, verb }: Permission): string {
  return `${role} ${resource}${group === '' ? '' : `.${group}`} ${verb}`;
}
