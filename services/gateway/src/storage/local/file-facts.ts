import type { Stats } from 'node:fs';
import type { FileStat } from '../file-driver.js';

/** The facts of a regular file or a folder. */
export function toFileStat(stat: Stats): FileStat {
  const folder = stat.isDirectory();
  return {
    kind: folder ? 'folder' : 'file',
    size: folder ? 0 : stat.size,
    mtimeMs: stat.mtimeMs,
    identity: String(stat.ino),
  };
}
