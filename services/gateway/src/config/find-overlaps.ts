import type { Mistake } from '@bucketway/contract';
import type { StorageMount } from './snapshot.js';

/** A folder that a storage serves: the same text before it means the same server. */
interface Territory {
  readonly server: string;
  /** Absolute, without a slash at its end; empty for the root. */
  readonly folder: string;
}

/**
 * Finds storages that serve the same files: each keeps its own locks and records of them, so that a write through one would not be seen
 * right through the other.
 *
 * @param mounts by their index in the file; undefined for what could not be resolved
 */
export function findOverlaps(mounts: readonly (StorageMount | undefined)[]): Mistake[] {
  const mistakes: Mistake[] = [];
  const seen: { territory: Territory; mount: string }[] = [];
  for (const [index, mount] of mounts.entries()) {
    if (mount === undefined) continue;
    const territory = territoryOf(mount);
    if (territory === undefined) continue;
    const other = seen.find((one) => overlap(one.territory, territory));
    if (other !== undefined) {
      const message = `serves files that the storage at "${other.mount}" serves; mount them once, and map buckets to paths below it`;
      mistakes.push({ path: ['storages', index], message });
    }
    seen.push({ territory, mount: mount.mount });
  }
  return mistakes;
}

/** Undefined for upstreams, which see to their objects themselves. */
function territoryOf(mount: StorageMount): Territory | undefined {
  if ('local' in mount) return { server: 'local', folder: withoutSlash(mount.local.root) };
  if ('openlist' in mount) return { server: mount.openlist.url, folder: withoutSlash(mount.openlist.path) };
  if ('webdav' in mount) {
    const { origin, pathname } = new URL(mount.webdav.url);
    return { server: origin, folder: withoutSlash(pathname) };
  }
  return undefined;
}

function withoutSlash(path: string): string {
  return path.replace(/\/+$/, '');
}

function overlap(one: Territory, other: Territory): boolean {
  if (one.server !== other.server) return false;
  return `${one.folder}/`.startsWith(`${other.folder}/`) || `${other.folder}/`.startsWith(`${one.folder}/`);
}
