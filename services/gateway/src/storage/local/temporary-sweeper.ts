import fs from 'node:fs/promises';
import { errnoOf } from './errno.js';
import type { LockOwner } from './lock-owner.js';

/**
 * Removes what processes that are gone have left in a storage's own area: their temporary files, their locks, their presence.
 * Uploads in parts are not temporary: they are a client's, who may go on with them.
 *
 * @param area the `.bucketway` folder
 */
export async function sweepTemporaries(area: string, self: LockOwner): Promise<void> {
  try {
    const dead = new Set<string>();
    const alive = new Set<string>([self.id]);
    for (const id of await fs.readdir(`${area}/owners`)) {
      if (id === self.id) continue;
      if (self.isDead(`${area}/owners/${id}`)) dead.add(id);
      else alive.add(id);
    }
    for (const name of await fs.readdir(`${area}/locks`)) {
      // Only those of a dead process of this machine; others are broken by whoever needs them, under the lock's own protocol.
      if (dead.size > 0 && self.isDead(`${area}/locks/${name}`)) await remove(`${area}/locks/${name}`);
    }
    for (const name of await fs.readdir(`${area}/tmp`)) {
      const id = name.slice(0, name.indexOf('.'));
      if (id !== '' && !alive.has(id)) await remove(`${area}/tmp/${name}`);
    }
    for (const id of dead) await remove(`${area}/owners/${id}`);
  } catch (error) {
    // Another replica may sweep at the same moment, or the storage may be away: the next sweep goes on.
    if (errnoOf(error) === undefined) throw error;
  }
}

async function remove(path: string): Promise<void> {
  await fs.rm(path, { force: true });
}
