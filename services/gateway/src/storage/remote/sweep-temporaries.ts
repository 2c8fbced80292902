import { StorageError } from '../storage-error.js';
import { joinPath, type StoragePath } from '../storage-path.js';
import type { RemoteFiles } from './remote-files.js';

/** A temporary file that nobody has written to for a day is nobody's: an upload that stalls is given up within minutes. */
const ABANDONED_MS = 24 * 3_600_000;

/**
 * Removes what processes that are gone have left in a server's folder of temporary files. How old they are is told by the server's own
 * clock: one that is a day behind would have every upload that is under way taken for abandoned.
 *
 * @param probe a name for a file that shows what time it is there
 * @param isKept whether a file stays, whatever its age
 */
export async function sweepTemporaries(
  files: RemoteFiles,
  folder: StoragePath,
  probe: StoragePath,
  isKept: (path: StoragePath) => boolean,
): Promise<void> {
  let entries;
  try {
    entries = await files.list(folder);
  } catch (error) {
    if (error instanceof StorageError && error.code === 'not-found') return;
    throw error;
  }
  if (entries.length === 0) return;
  const now = await timeThere(files, probe);
  for (const { name, kind, mtimeMs } of entries) {
    // A server that tells no time says nothing of age.
    if (kind !== 'file' || mtimeMs === 0 || now - mtimeMs < ABANDONED_MS) continue;
    const path = joinPath(folder, name);
    if (!isKept(path)) await files.removeFile(path);
  }
}

/** The time that the server gives a file now; 0 where it tells none. */
async function timeThere(files: RemoteFiles, probe: StoragePath): Promise<number> {
  const writer = await files.put(probe, 0);
  await writer.end();
  try {
    return (await files.stat(probe))?.mtimeMs ?? 0;
  } finally {
    await files.removeFile(probe);
  }
}
