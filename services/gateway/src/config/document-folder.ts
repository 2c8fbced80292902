import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocumentFileName } from '@bucketway/contract';

/** The link that a kubelet swaps when it publishes a new version of a mounted ConfigMap, Secret or projected volume. */
export const KUBELET_DATA_LINK = '..data';

const ATTEMPTS = 5;

/**
 * Reads every document of a folder, by file name, as one consistent set.
 *
 * A kubelet writes each version of a volume into a new folder, points `..data` at it in one rename and then removes
 * the old one. Reading through the link would mix two versions, so the link is resolved once; a folder that vanishes
 * meanwhile was replaced, and is read again.
 *
 * @throws Error where the folder or a file of it cannot be read
 */
export function readDocumentFolder(folder: string): Map<string, string> {
  for (let attempt = 1; ; attempt++) {
    const target = currentVersion(folder);
    try {
      const texts = new Map<string, string>();
      for (const name of readdirSync(target).toSorted()) {
        if (parseDocumentFileName(name) !== undefined) texts.set(name, readFileSync(join(target, name), 'utf8'));
      }
      if (currentVersion(folder) === target) return texts;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempt >= ATTEMPTS) throw error;
    }
    if (attempt >= ATTEMPTS) throw new Error(`${folder} changes faster than it can be read`);
  }
}

function currentVersion(folder: string): string {
  try {
    return realpathSync(join(folder, KUBELET_DATA_LINK));
  } catch {
    return folder;
  }
}
