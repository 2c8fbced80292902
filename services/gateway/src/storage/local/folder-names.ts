import { isUtf8 } from '../byte-string.js';
import type { FolderNames } from '../file-driver.js';
import { NameCollector } from '../name-collector.js';
import type { FileCalls } from './file-calls.js';

/**
 * The names of a folder in listing order: files as they are, folders with a trailing `/` and so sorted as their keys are.
 * Devices, sockets, pipes and names that are not UTF-8 do not count. A symbolic link does: whether it leads to a file that its
 * bucket may show can change while the folder does not, so whoever looks at the file finds out.
 *
 * @param path of the open folder
 */
export async function readFolderNames(calls: FileCalls, path: string): Promise<FolderNames> {
  const names = new NameCollector();
  await calls.readFolder(path, (entry) => {
    if (!isUtf8(entry.name)) return;
    if (entry.isDirectory()) names.add(`${entry.name}/`);
    else if (entry.isFile() || entry.isSymbolicLink()) names.add(entry.name);
  });
  return names.sorted();
}
