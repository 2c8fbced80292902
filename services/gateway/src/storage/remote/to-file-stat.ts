import type { FileStat } from '../file-driver.js';
import type { RemoteEntry } from './remote-entry.js';

export function toFileStat({ kind, size, mtimeMs, identity }: RemoteEntry): FileStat {
  return { kind, size: kind === 'folder' ? 0 : size, mtimeMs, identity };
}
