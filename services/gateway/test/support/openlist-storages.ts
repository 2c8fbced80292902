import {
  newFolder,
  cleanPath,
  naturalOrder,
  nodeAt,
  NOT_FOUND,
  OpenlistError,
  splitPath,
  type OpenlistMount,
  type OpenlistNode,
} from './openlist-tree.js';

/** The storages that are mounted in OpenList's stand-in, and how it finds a name in them: first in what it has kept of listings. */
export class OpenlistStorages {
  readonly mounts: OpenlistMount[] = [];
  /** What the administrator's account is confined to. */
  basePath = '/';

  mount(mountPath: string, options: Partial<OpenlistMount> = {}): OpenlistMount {
    const mounted: OpenlistMount = {
      mountPath,
      driver: 'Local',
      root: newFolder(),
      cached: false,
      getter: true,
      rename: 'replace',
      status: 'work',
      cache: new Map(),
      ...options,
    };
    this.mounts.push(mounted);
    return mounted;
  }

  absolute(path: unknown): string {
    return cleanPath(`${this.basePath}/${String(path)}`);
  }

  /** The storage that covers a path. @throws OpenlistError as OpenList says it */
  storageOf(path: string): readonly [mount: OpenlistMount, inner: string] {
    let found: OpenlistMount | undefined;
    for (const mount of this.mounts) {
      const within = mount.mountPath === '/' || path === mount.mountPath || path.startsWith(`${mount.mountPath}/`);
      if (within && (!found || mount.mountPath.length > found.mountPath.length)) found = mount;
    }
    if (found === undefined) throw new OpenlistError(500, `failed get storage: storage not found; rawPath: ${path}`);
    if (found.status !== 'work') {
      throw new OpenlistError(500, `storage not init: storage status: ${found.status}`);
    }
    return [found, cleanPath(path.slice(found.mountPath === '/' ? 0 : found.mountPath.length))];
  }

  writable(path: string): readonly [mount: OpenlistMount, inner: string] {
    const found = this.storageOf(path);
    if (found[0].outage !== undefined) throw new OpenlistError(500, found[0].outage);
    return found;
  }

  virtualNames(path: string): string[] {
    const prefix = path === '/' ? '/' : `${path}/`;
    const names = this.mounts
      .filter(({ mountPath }) => mountPath.startsWith(prefix) && mountPath !== path)
      .map(({ mountPath }) => mountPath.slice(prefix.length).split('/')[0] as string);
    return [...new Set(names)];
  }

  /** One object, as OpenList's own look-up finds it: from the cache, from the driver, or in a listing whose failure is swallowed. */
  async find(path: string): Promise<OpenlistNode> {
    const [folder, name] = splitPath(path);
    if (path === '/' || this.virtualNames(folder).includes(name)) return newFolder();
    const [mount, inner] = this.storageOf(path);
    if (inner === '/') return mount.root;
    const [innerFolder, innerName] = splitPath(inner);
    const cached = mount.cache.get(innerFolder)?.find(([one]) => one === innerName);
    if (cached !== undefined) return cached[1];
    if (mount.getter) {
      if (mount.outage !== undefined) throw new OpenlistError(500, `failed to get obj: ${mount.outage}`);
      const node = mount.lookUp ? await mount.lookUp(inner) : nodeAt(mount.root, inner);
      if (node !== undefined) return node;
    } else if (!mount.cache.has(innerFolder)) {
      try {
        const node = this.listStorage(mount, innerFolder, false).find(([one]) => one === innerName);
        if (node !== undefined) return node[1];
      } catch {
        // As in OpenList: the drive failed, and the name is reported as absent.
      }
    }
    throw new OpenlistError(500, `failed to get obj: ${NOT_FOUND}`);
  }

  listStorage(mount: OpenlistMount, inner: string, refresh: boolean): readonly (readonly [string, OpenlistNode])[] {
    const cached = mount.cache.get(inner);
    if (cached !== undefined && !refresh) return cached;
    if (mount.outage !== undefined)
      throw new OpenlistError(500, `failed get objs: failed to list objs: ${mount.outage}`);
    const folder = nodeAt(mount.root, inner);
    if (folder === undefined)
      throw new OpenlistError(500, `failed get objs: failed get dir: failed to get obj: ${NOT_FOUND}`);
    if (folder.kind === 'file') throw new OpenlistError(500, 'failed get objs: not a folder');
    const entries = [...folder.children]
      .filter(([name]) => !mount.hidesDotNames || !name.startsWith('.'))
      .sort(([one], [other]) => naturalOrder(one, other));
    // Copies: a cache goes on telling what a file was when it was listed.
    if (mount.cached && entries.length > 0) {
      mount.cache.set(
        inner,
        entries.map(([name, node]) => [name, node.kind === 'file' ? { ...node } : node] as const),
      );
    } else if (mount.cached) {
      mount.cache.delete(inner);
    }
    return entries;
  }
}
