import { parsePolicy } from './parse-policy.js';
import type { Policy } from './policy.js';

const EVERYTHING = {
  paths: [{ prefix: '/' }],
  defaultPath: '/{namespace}/{name}',
  allow: { reclaimDelete: true, anonymous: ['None', 'Read', 'List', 'ReadList'], existingSecret: true },
};

/** For a cluster of one team: every namespace may map every path, by default `/NAMESPACE/NAME`. */
export const PERMISSIVE_POLICY: Policy = parsePolicy({ rules: [{ namespaces: { names: ['*'] }, ...EVERYTHING }] });

/** As {@link PERMISSIVE_POLICY}, for one namespace; the others may map nothing. */
export function singleNamespacePolicy(namespace: string): Policy {
  return parsePolicy({ rules: [{ namespaces: { names: [namespace] }, ...EVERYTHING }] });
}
