import { isTreePath, nearestName } from '@bucketway/contract';
import type { Mistake } from '@bucketway/contract';
import type { StorageKind } from '../storage/storage-state.js';
import { isWithin } from '../storage/tree-path.js';
import { DEFAULT_ADMIN, DEFAULT_LISTEN, isListenAddress, parseListenAddress } from './listen-address.js';
import { STORAGE_KINDS } from './storage-kind.js';

type Path = readonly (string | number)[];
type Members = Readonly<Record<string, unknown>>;

const KEY_PAIR = ['accessKeyId', 'secretAccessKey'];

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
  for (const [index, identity] of identities) {
    for (const member of KEY_PAIR) requireEither(identity, member, ['identities', index], mistakes);
  }
  requireUnique(identities, 'identities', 'name', mistakes);
  for (const [index, storage] of itemsOf(written['storages'])) checkStorage(storage, ['storages', index], mistakes);
  requireUnique(itemsOf(written['storages']), 'storages', 'mount', mistakes);
  requireUnique(buckets, 'buckets', 'name', mistakes);
  checkAddresses(written, mistakes);
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

/** Of two that listen on one port, the second does not start. Port 0 is any that is free. */
function checkAddresses({ listen = DEFAULT_LISTEN, admin = DEFAULT_ADMIN }: Members, mistakes: Mistake[]): void {
  if (!isListenAddress(listen) || !isListenAddress(admin)) return;
  const [s3, other] = [parseListenAddress(listen), parseListenAddress(admin)];
  const isSame = s3.host === other.host || [s3.host, other.host].some((host) => host === '0.0.0.0' || host === '::');
  if (!isSame || s3.port === 0 || s3.port !== other.port) return;
  const path = [admin === DEFAULT_ADMIN ? 'listen' : 'admin'];
  mistakes.push({ path, message: `listen (${listen}) and admin (${admin}) need ports of their own` });
}

/** Secrets are written either themselves or as the file that holds them. */
function requireEither(members: Members, member: string, path: Path, mistakes: Mistake[]): void {
  if ((members[member] === undefined) !== (members[`${member}File`] === undefined)) return;
  mistakes.push({ path: [...path, member], message: `write either ${member} or ${member}File` });
}

function refuseBoth(members: Members, member: string, path: Path, mistakes: Mistake[]): void {
  if (members[member] === undefined || members[`${member}File`] === undefined) return;
  mistakes.push({ path: [...path, member], message: `write either ${member} or ${member}File, not both` });
}

function checkStorage(storage: Members, path: Path, mistakes: Mistake[]): void {
  const kinds = STORAGE_KINDS.filter((kind) => storage[kind] !== undefined);
  const [kind, ...more] = kinds;
  if (kind === undefined) {
    // A name that is not known is named already, with the one that was meant.
    if (Object.keys(storage).every((member) => member === 'mount')) {
      const message = `names no storage: add one of ${STORAGE_KINDS.join(', ')}, for example local: {root: /srv/data}`;
      mistakes.push({ path, message });
    }
    return;
  }
  for (const other of more) {
    const message = `stands beside ${kind}: a mount is one storage; give ${other} a mount of its own`;
    mistakes.push({ path: [...path, other], message });
  }
  const members = storage[kind];
  if (isObject(members)) checkSecrets(kind, members, [...path, kind], mistakes);
}

function checkSecrets(kind: StorageKind, members: Members, path: Path, mistakes: Mistake[]): void {
  if (kind === 'openlist') requireEither(members, 'token', path, mistakes);
  if (kind === 'webdav') checkWebdav(members, path, mistakes);
  if (kind === 's3') {
    for (const member of KEY_PAIR) requireEither(members, member, path, mistakes);
    refuseBoth(members, 'sessionToken', path, mistakes);
  }
}

/** Either a user with a password, or a bearer token, or nobody. */
function checkWebdav(members: Members, path: Path, mistakes: Mistake[]): void {
  for (const member of ['username', 'password', 'bearerToken']) refuseBoth(members, member, path, mistakes);
  const has = (member: string): boolean => members[member] !== undefined || members[`${member}File`] !== undefined;
  const user = has('username') || has('password');
  if (user && !(has('username') && has('password'))) {
    const missing = has('username') ? 'password' : 'username';
    mistakes.push({ path: [...path, missing], message: `is missing: username and password go together` });
  }
  if (user && has('bearerToken')) {
    mistakes.push({ path, message: 'write either username and password or bearerToken, not both' });
  }
  if (!user && members['authentication'] !== undefined) {
    mistakes.push({ path: [...path, 'authentication'], message: 'is of no use without username and password' });
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
  if (!isObject(written['bucketRoot'])) return;
  check(written['bucketRoot']['path'], ['bucketRoot', 'path']);
  checkBucketRoot(written, written['bucketRoot']['path'], mistakes);
}

/** Buckets that are folders need a storage that has folders. */
function checkBucketRoot(written: Members, root: unknown, mistakes: Mistake[]): void {
  if (!isTreePath(root)) return;
  const above = itemsOf(written['storages'])
    .map(([, storage]) => storage)
    .filter(({ mount }) => isTreePath(mount) && isWithin(root, mount))
    .toSorted((one, other) => String(other['mount']).length - String(one['mount']).length)[0];
  if (above?.['s3'] === undefined) return;
  const message = `lies on the s3 storage at "${String(above['mount'])}", which has no folders to be buckets; list its buckets in buckets`;
  mistakes.push({ path: ['bucketRoot', 'path'], message });
}

/** A member of all items of a list; undefined where one of them has none that holds, so that not all are known. */
function allOf(list: unknown, member: string, holds: (value: unknown) => boolean): Set<string> | undefined {
  if (list === undefined) return new Set();
  if (!Array.isArray(list)) return undefined;
  const values = list.map((item: unknown) => (isObject(item) ? item[member] : undefined));
  return values.every(holds) ? new Set(values as string[]) : undefined;
}
