import { StorageError } from '../storage-error.js';
import { joinPath, type StoragePath } from '../storage-path.js';
import type { RemoteFiles } from './remote-files.js';

/** A temporary file that nobody has written to for a day is nobody's: an upload that stalls is given up within minutes. */
const ABANDONED_MS = 24 * 3_600_000;

/** Removes what processes that are gone have left in a server's folder of temporary files. */
export async function sweepTemporaries(files: RemoteFiles, folder: StoragePath, now = Date.now()): Promise<void> {
  let entries;
  try {
    entries = await files.list(folder);
  } catch (error) {
    if (error instanceof StorageError && error.code === 'not-found') return;
    throw error;
  }
  for (const { name, kind, mtimeMs } of entries) {
    // A server that tells no time says nothing of age.
    if (kind !== 'file' || mtimeMs === 0 || now - mtimeMs < ABANDONED_MS) continue;
    await files.removeFile(joinPath(folder, name));
  }
}
