import type { SnapshotStore } from '../../config/snapshot-store.js';
import { ownerNamed, type Owner } from '../documents/owner.js';

/**
 * Who began an upload, by the access key that did. A key that has been removed since stays its own name.
 *
 * @param accessKeyId as the upload's record has it
 */
export function initiatorOf(snapshots: SnapshotStore, accessKeyId: string): Owner {
  return ownerNamed(snapshots.current.identities.get(accessKeyId)?.name ?? accessKeyId);
}
