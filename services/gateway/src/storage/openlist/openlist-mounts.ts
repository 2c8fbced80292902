import type { OpenlistStorage } from './openlist-api.js';

/** Drivers that can lead back to this gateway. */
const LEADING_ELSEWHERE: ReadonlySet<string> = new Set([
  'S3',
  'Doge',
  'WebDav',
  'OpenList',
  'AList V3',
  'Alias',
  'Chunk',
]);

/** Drivers whose listings OpenList does not keep. Of all others, it tells what a folder was when it was last listed. */
const UNCACHED: ReadonlySet<string> = new Set(['Local', 'SMB', 'Strm', 'Alias', 'Crypt', 'UrlTree', 'Chunk']);

/** Which of OpenList's storages covers which path. */
export class OpenlistMounts {
  constructor(private readonly storages: readonly OpenlistStorage[]) {}

  /** The storage that OpenList serves a path from. */
  of(path: string): OpenlistStorage | undefined {
    let found: OpenlistStorage | undefined;
    for (const storage of this.storages) {
      if (!isIn(path, storage.mount_path)) continue;
      if (found === undefined || storage.mount_path.length > found.mount_path.length) found = storage;
    }
    return found;
  }

  isCached(path: string): boolean {
    const storage = this.of(path);
    return storage !== undefined && !UNCACHED.has(storage.driver);
  }

  /** Mount paths at or below a folder, or above it, that may lead back to this gateway. */
  leadingElsewhere(folder: string): readonly string[] {
    return this.storages
      .filter(({ disabled, driver }) => !disabled && LEADING_ELSEWHERE.has(driver))
      .map(({ mount_path }) => mount_path)
      .filter((mount) => isIn(mount, folder) || isIn(folder, mount));
  }

  get paths(): readonly string[] {
    return this.storages.filter(({ disabled }) => !disabled).map(({ mount_path }) => mount_path);
  }
}

export function isIn(path: string, folder: string): boolean {
  return folder === '/' || path === folder || path.startsWith(`${folder}/`);
}
