import type { FileStat } from '../file-driver.js';
import type { FileStatus } from './file-status.js';

/** The facts of a regular file or a folder. @param local the filesystem is this machine's, and answers from no cache of another's */
export function toFileStat(stat: FileStatus, local: boolean): FileStat {
  const folder = stat.isDirectory();
  return {
    kind: folder ? 'folder' : 'file',
    size: folder ? 0 : stat.size,
    mtimeMs: stat.mtimeMs,
    identity: String(stat.ino),
    ...(local && { changeMs: stat.ctimeMs }),
  };
}
