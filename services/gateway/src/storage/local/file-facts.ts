import type { FileStat } from '../file-driver.js';
import type { FileStatus } from './file-status.js';

/** The facts of a regular file or a folder. @param local the filesystem is this machine's, and answers from no cache of another's */
export function toFileStat(stat: FileStatus, local: boolean): FileStat {
  const folder = stat.isDirectory();
  const kind = folder ? 'folder' : 'file';
  const size = folder ? 0 : stat.size;
  const { mtimeMs } = stat;
  const identity = String(stat.ino);
  return local ? { kind, size, mtimeMs, identity, changeMs: stat.ctimeMs } : { kind, size, mtimeMs, identity };
}
