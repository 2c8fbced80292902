import { isTreePath, nearestName } from '@bucketway/contract';
import type { Mistake } from '@bucketway/contract';

type Path = readonly (string | number)[];
type Members = Readonly<Record<string, unknown>>;

/**
 * Finds where the parts of a written configuration contradict each other: names that stand twice, identities that nobody has, paths
 * without a storage. It takes the plain value and looks at what it can make sense of, so that these are found in one run with the
 * mistakes of single fields.
 */
export function findContradictions(plain: object): Mistake[] {
  const mistakes: Mistake[] = [];
  const written = plain as Members;
  const identities = itemsOf(written['identities']);
  const buckets = itemsOf(written['buckets']);
  for (const [index, identity] of identities) requireEitherSecret(identity, ['identities', index], mistakes);
  requireUnique(identities, 'identities', 'name', mistakes);
  requireUnique(itemsOf(written['storages']), 'storages', 'mount', mistakes);
  requireUnique(buckets, 'buckets', 'name', mistakes);
  checkIdentities(written, mistakes);
  checkPaths(written, mistakes);
  return mistakes;
}

/** The items of a list that are objects, with their indexes. */
function itemsOf(list: unknown): [number, Members][] {
  if (!Array.isArray(list)) return [];
  return [...list.entries()].filter((entry): entry is [number, Members] => isObject(entry[1]));
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function requireEitherSecret(identity: Members, path: Path, mistakes: Mistake[]): void {
  for (const member of ['accessKeyId', 'secretAccessKey']) {
    if ((identity[member] === undefined) !== (identity[`${member}File`] === undefined)) continue;
    mistakes.push({ path: [...path, member], message: `write either ${member} or ${member}File` });
  }
}

function requireUnique(
  items: readonly [number, Members][],
  list: string,
  member: 'name' | 'mount',
  mistakes: Mistake[],
): void {
  const seen = new Set<string>();
  for (const [index, item] of items) {
    const value = item[member];
    if (typeof value !== 'string') continue;
    const message =
      member === 'name' ? `"${value}" stands here twice` : `another storage is mounted at "${value}" already`;
    if (seen.has(value)) mistakes.push({ path: [list, index, member], message });
    seen.add(value);
  }
}

function checkIdentities(written: Members, mistakes: Mistake[]): void {
  const known = allOf(written['identities'], 'name', (name) => typeof name === 'string');
  // An identity without a name may be the one that is meant.
  if (known === undefined) return;
  const check = (name: unknown, path: Path): void => {
    if (typeof name !== 'string' || known.has(name)) return;
    const nearest = nearestName(name, known);
    const hint = nearest === undefined ? 'add it to identities' : `did you mean "${nearest}"?`;
    mistakes.push({ path, message: `no identity is named "${name}"; ${hint}` });
  };
  for (const [index, { grants }] of itemsOf(written['buckets'])) {
    for (const [at, { identity }] of itemsOf(grants)) check(identity, ['buckets', index, 'grants', at, 'identity']);
  }
  const create = isObject(written['bucketRoot']) ? written['bucketRoot']['create'] : undefined;
  if (!Array.isArray(create)) return;
  for (const [index, name] of create.entries()) check(name, ['bucketRoot', 'create', index]);
}

function checkPaths(written: Members, mistakes: Mistake[]): void {
  const mounts = allOf(written['storages'], 'mount', isTreePath);
  if (mounts === undefined || mounts.size === 0) return;
  const check = (treePath: unknown, path: Path): void => {
    if (!isTreePath(treePath)) return;
    const covered = [...mounts].some((mount) => isWithin(treePath, mount) || isWithin(mount, treePath));
    if (!covered) mistakes.push({ path, message: `no storage is mounted at or above "${treePath}"` });
  };
  for (const [index, { path }] of itemsOf(written['buckets'])) check(path, ['buckets', index, 'path']);
  if (isObject(written['bucketRoot'])) check(written['bucketRoot']['path'], ['bucketRoot', 'path']);
}

/** A member of all items of a list; undefined where one of them has none that holds, so that not all are known. */
function allOf(list: unknown, member: string, holds: (value: unknown) => boolean): Set<string> | undefined {
  if (list === undefined) return new Set();
  if (!Array.isArray(list)) return undefined;
  const values = list.map((item: unknown) => (isObject(item) ? item[member] : undefined));
  return values.every(holds) ? new Set(values as string[]) : undefined;
}

function isWithin(path: string, folder: string): boolean {
  return folder === '/' || path === folder || path.startsWith(`${folder}/`);
}
