import type { Dirent } from 'node:fs';
import fs from 'node:fs/promises';
import { isUtf8 } from '../byte-string.js';
import type { FolderNames } from '../file-driver.js';

/**
 * The names of a folder in listing order: files as they are, folders with a trailing `/` and so sorted as their keys are.
 * A symbolic link counts where it leads to a regular file inside the scope; devices, sockets, pipes and names that are not UTF-8 do not count.
 *
 * @param entries as read, names in latin1
 * @param folder absolute path
 * @param base absolute path of the scope
 */
export async function toFolderNames(entries: readonly Dirent[], folder: string, base: string): Promise<FolderNames> {
  const names: string[] = [];
  const links: string[] = [];
  for (const entry of entries) {
    if (!isUtf8(entry.name)) continue;
    if (entry.isFile()) names.push(entry.name);
    else if (entry.isDirectory()) names.push(`${entry.name}/`);
    else if (entry.isSymbolicLink()) links.push(entry.name);
  }
  for (const link of links) {
    if (await leadsToFile(Buffer.from(`${toBytes(folder)}/${link}`, 'latin1'), base)) names.push(link);
  }
  // Plain code unit order is byte order here; a comparator would only slow it down.
  return names.sort();
}

async function leadsToFile(link: Buffer, base: string): Promise<boolean> {
  try {
    const target = await fs.realpath(link);
    return target.startsWith(`${base}/`) && (await fs.stat(target)).isFile();
  } catch {
    return false;
  }
}

function toBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
