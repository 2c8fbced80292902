import { PERMISSIONS } from '../auth/permission.js';
import type { BucketRoot, Grant, Snapshot } from '../config/snapshot.js';

const EVERYTHING = new Set(PERMISSIONS);
const known = new WeakMap<Snapshot, Map<string | undefined, readonly Grant[]>>();

/**
 * The grants of a bucket of the bucket root: everything for its owner's keys. A folder that nobody created through S3
 * belongs to all who may create.
 */
export function bucketRootGrants(snapshot: Snapshot, root: BucketRoot, owner: string | undefined): readonly Grant[] {
  let byOwner = known.get(snapshot);
  if (!byOwner) known.set(snapshot, (byOwner = new Map()));
  let grants = byOwner.get(owner);
  if (!grants) byOwner.set(owner, (grants = computeGrants(snapshot, root, owner)));
  return grants;
}

function computeGrants(snapshot: Snapshot, root: BucketRoot, owner: string | undefined): readonly Grant[] {
  const grants: Grant[] = [];
  for (const { accessKeyId, name } of snapshot.identities.values()) {
    const entitled = owner === undefined ? root.create.has(accessKeyId) : name === owner;
    if (entitled) grants.push({ accessKeyId, permissions: EVERYTHING, prefix: '' });
  }
  return grants;
}
