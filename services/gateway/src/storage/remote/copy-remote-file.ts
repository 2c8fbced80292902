import { acquirePiece, releasePiece } from '../../body/piece-pool.js';
import type { StoragePath } from '../storage-path.js';
import type { RemoteEntry } from './remote-entry.js';
import type { RemoteFiles } from './remote-files.js';

/** Writes a file's bytes to another name, through here: servers disagree on whose time a COPY has. */
export async function copyRemoteFile(
  files: RemoteFiles,
  from: StoragePath,
  entry: RemoteEntry,
  to: StoragePath,
): Promise<void> {
  const writer = await files.put(to, entry.size);
  try {
    if (entry.size > 0) {
      const reader = await files.read(from, entry, 0, entry.size);
      const buffer = acquirePiece();
      try {
        for (let left = entry.size; left > 0;) {
          const count = await reader.read(buffer);
          await writer.write(buffer.subarray(0, count));
          left -= count;
        }
      } finally {
        releasePiece(buffer);
        reader.close();
      }
    }
    await writer.end();
  } catch (error) {
    writer.abort();
    throw error;
  }
}
