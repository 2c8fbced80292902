import type { ClaimOwner } from './claim.js';

/** What tells S3Buckets apart: neither a namespace nor a name holds a slash. */
export function ownerKey({ namespace, name }: Pick<ClaimOwner, 'namespace' | 'name'>): string {
  return `${namespace}/${name}`;
}
