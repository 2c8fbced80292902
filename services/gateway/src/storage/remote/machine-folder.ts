import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { hash } from 'node:crypto';
import { StorageError } from '../storage-error.js';

/**
 * The folder of this machine in which the gateway's processes agree on one storage: private, in the system's temporary folder, and the
 * same for all processes of this user.
 *
 * @param identity what tells the storage from every other, without a secret
 * @throws StorageError `unavailable` where there is no such place
 */
export function machineFolder(identity: string): string {
  const user = os.userInfo().uid;
  const base = path.join(os.tmpdir(), `bucketway-${user}`);
  const folder = path.join(base, hash('sha256', identity).slice(0, 32));
  try {
    for (const one of [base, folder, `${folder}/locks`, `${folder}/owners`]) {
      fs.mkdirSync(one, { recursive: true, mode: 0o700 });
      const stat = fs.lstatSync(one);
      // Anybody may write to /tmp: a folder of somebody else's, or a link, would let them hold our locks.
      if (!stat.isDirectory() || stat.uid !== user || (stat.mode & 0o077) !== 0) {
        throw new StorageError('unavailable', `${one} is not a private folder of this user; remove it.`);
      }
    }
    return folder;
  } catch (error) {
    if (error instanceof StorageError) throw error;
    throw new StorageError('unavailable', `Locks need a temporary folder that can be written to (TMPDIR): ${base}.`, {
      cause: error,
    });
  }
}
