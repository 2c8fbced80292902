import { createHash } from 'node:crypto';

/** A file as OpenList's stand-in keeps it; `content` grows while an upload runs, as on a Local storage. */
export interface OpenlistFile {
  readonly kind: 'file';
  content: Buffer;
  mtimeMs: number;
}

export interface OpenlistFolder {
  readonly kind: 'folder';
  readonly children: Map<string, OpenlistNode>;
  mtimeMs: number;
}

export type OpenlistNode = OpenlistFile | OpenlistFolder;

/** How one mounted storage of the stand-in behaves. */
export interface OpenlistMount {
  readonly mountPath: string;
  /** `Local`, `S3`, … as the administrator's list of storages names it. */
  readonly driver: string;
  readonly root: OpenlistFolder;
  /** Folder listings are kept until they are refreshed or changed through OpenList, as for every driver but Local. */
  readonly cached: boolean;
  /** The driver can look at one name. Without, OpenList lists the parent and takes a failure of that for an absent name. */
  readonly getter: boolean;
  /** The drive gives files times of its own, which OpenList learns when it lists the folder. */
  readonly ownTimes?: boolean;
  /** Algorithm of the hashes that the drive has, if any. */
  readonly hash?: 'md5' | 'sha1' | 'sha256';
  /**
   * What a rename onto a taken name does: replace at once, refuse, or leave two files of one name (of which the older one
   * is found). A copying rename replaces, and gives the file a new time.
   */
  rename: 'replace' | 'copy' | 'refuse';
  /** Downloads are redirects to here; without, OpenList sends the bytes itself. */
  redirect?: (path: string) => string;
  /** Asked in place of the tree when a name is looked at: a storage that leads elsewhere. */
  lookUp?: (path: string) => Promise<OpenlistNode | undefined>;
  /** The text of the driver's error while it is out of order. */
  outage?: string;
  /** Listings leave out names that begin with a dot, as the Local storage does unless it is told otherwise. */
  readonly hidesDotNames?: boolean;
  /** Its entry in the administrator's list; `work` when it is well. */
  status: string;
  readonly cache: Map<string, readonly (readonly [string, OpenlistNode])[]>;
}

/** An error as OpenList's envelope carries it. */
export class OpenlistError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

export const NOT_FOUND = 'object not found';

export function newFolder(): OpenlistFolder {
  return { kind: 'folder', children: new Map(), mtimeMs: Date.now() };
}

/** What OpenList makes of a path: backslashes are slashes, `//` and `/./` collapse, `..` is refused where it removes something. */
export function cleanPath(path: string): string {
  const segments: string[] = [];
  for (const segment of path.replaceAll('\\', '/').split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment === '..') throw new OpenlistError(403, 'using relative path is not allowed');
    segments.push(segment);
  }
  return `/${segments.join('/')}`;
}

export function joinClean(folder: string, name: string): string {
  return folder === '/' ? `/${name}` : `${folder}/${name}`;
}

export function splitPath(path: string): readonly [folder: string, name: string] {
  const slash = path.lastIndexOf('/');
  return [path.slice(0, slash) || '/', path.slice(slash + 1)];
}

/** The node at a path below a root, ignoring caches. @throws OpenlistError with the driver's text where a parent is a file */
export function nodeAt(root: OpenlistFolder, path: string): OpenlistNode | undefined {
  let node: OpenlistNode | undefined = root;
  for (const segment of path.split('/').filter(Boolean)) {
    if (node === undefined) return undefined;
    if (node.kind === 'file') throw new OpenlistError(500, `stat ${path}: not a directory`);
    if (Buffer.byteLength(segment) > 255) throw new OpenlistError(500, `stat ${path}: file name too long`);
    node = node.children.get(segment);
  }
  return node;
}

export function hashOf(file: OpenlistFile, algorithm: string): string {
  return createHash(algorithm).update(file.content).digest('hex');
}

/** OpenList's entity tag: the largest hash, else seconds and size in hexadecimal. */
export function etagOf(node: OpenlistNode, hash: string | undefined): string {
  const size = node.kind === 'file' ? node.content.length : 4096;
  if (hash !== undefined && node.kind === 'file') return hashOf(node, hash);
  return `${Math.floor(node.mtimeMs / 1000).toString(16)}-${size.toString(16)}`;
}

/** OpenList's order: digits by value, the rest by code. `9` comes before `10`, `Z` before `a`. */
export function naturalOrder(one: string, other: string): number {
  const left = one.match(/\d+|\D/g) ?? [];
  const right = other.match(/\d+|\D/g) ?? [];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [a, b] = [left[i] as string, right[i] as string];
    if (a === b) continue;
    if (/^\d/.test(a) && /^\d/.test(b)) return Number(a) - Number(b);
    return a < b ? -1 : 1;
  }
  return left.length - right.length;
}
