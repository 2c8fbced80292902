import type { StoragePath } from './storage-path.js';

/** Whether an absolute path of the tree is a folder or one below it, by whole segments: `/a` does not hold `/ab`. */
export function isWithin(path: string, folder: string): boolean {
  return folder === '/' || path === folder || path.startsWith(`${folder}/`);
}

/** What of an absolute path lies below a folder that holds it. */
export function below(path: string, folder: string): StoragePath {
  return (folder === '/' ? path.slice(1) : path.slice(folder.length + 1)) as StoragePath;
}

/** Joins an absolute path and a name. */
export function childPath(folder: string, name: string): string {
  return folder === '/' ? `/${name}` : `${folder}/${name}`;
}
