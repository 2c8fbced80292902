import { hash } from 'node:crypto';
import { RESERVED_PREFIX } from '../storage-path.js';
import type { OpenlistApi } from './openlist-api.js';
import { folderOf, nameOf } from './openlist-paths.js';

/** Of the hidden folders that files are in while they step aside. */
export const ASIDE_PREFIX = `${RESERVED_PREFIX}-aside-`;

/**
 * Where a file is while another takes its place, on drives whose renames replace nothing. Each name has a folder of its own for that,
 * found by the name and whatever its length: should the gateway or the drive fail in between, who looks for the file next finds it.
 */
export class OpenlistAside {
  constructor(private readonly api: OpenlistApi) {}

  async take(path: string): Promise<void> {
    const folder = placeOf(path);
    await this.api.makeFolder(folder);
    await this.api.move(nameOf(path), folderOf(path), folder, false);
  }

  /** Gives a file its name back where nothing has taken it, and forgets it where something has. @returns whether it is back */
  async restore(path: string): Promise<boolean> {
    if (!(await this.has(path))) return false;
    const isFree = (await this.api.look(path)) === undefined;
    if (isFree) await this.api.move(nameOf(path), placeOf(path), folderOf(path), false);
    await this.drop(path);
    return isFree;
  }

  async has(path: string): Promise<boolean> {
    return (await this.api.look(`${placeOf(path)}/${nameOf(path)}`)) !== undefined;
  }

  /** Forgets a file whose name another has. */
  async drop(path: string): Promise<void> {
    const folder = placeOf(path);
    await this.api.remove(folderOf(folder), nameOf(folder));
  }

  /** Restores what a folder of this prefix holds. @returns whether anything is back */
  async restoreAll(aside: string): Promise<boolean> {
    const parent = folderOf(aside);
    let any = false;
    for (const { name } of await this.api.list(aside, true)) {
      const path = parent === '/' ? `/${name}` : `${parent}/${name}`;
      if (placeOf(path) === aside && (await this.restore(path))) any = true;
    }
    return any;
  }
}

function placeOf(path: string): string {
  const folder = folderOf(path);
  const name = `${ASIDE_PREFIX}${hash('sha256', nameOf(path)).slice(0, 32)}`;
  return folder === '/' ? `/${name}` : `${folder}/${name}`;
}
