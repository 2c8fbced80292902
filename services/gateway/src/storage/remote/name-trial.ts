import { joinPath, type StoragePath } from '../storage-path.js';
import type { RemoteFiles } from './remote-files.js';

/** Written under the first name, and asked for under the second: they differ in case, or in Unicode normalization. */
const PAIRS: readonly (readonly [string, string])[] = [
  ['case', 'CASE'],
  ['normalized-e\u0301', 'normalized-\u00e9'],
];

/**
 * Finds out whether a server keeps names to the letter. Those on Windows and macOS take `report` and `Report` for one name, and
 * some two spellings of `\u00e9`: what is written under the one would replace the other.
 *
 * @param folder that is there, for the files it is tried with
 */
export async function keepsNames(files: RemoteFiles, folder: StoragePath): Promise<boolean> {
  for (const [written, asked] of PAIRS) {
    const writer = await files.put(joinPath(folder, written), 0);
    await writer.end();
    if ((await files.stat(joinPath(folder, asked))) !== undefined) return false;
  }
  return true;
}
