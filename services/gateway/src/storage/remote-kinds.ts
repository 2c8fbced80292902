import type { StorageMount } from '../config/snapshot.js';
import { storageKind } from '../config/storage-kind.js';

/**
 * The code of storages that are servers: loaded with the first mount of each kind. Most gateways have none of them, and the
 * SDK of the upstream S3 alone is 34 MB in every process.
 */
const LOADERS = {
  openlist: async () => (await import('./openlist/openlist-storage.js')).openOpenlist,
  webdav: async () => (await import('./webdav/webdav-storage.js')).openWebdav,
  s3: async () => (await import('./s3/s3-storage.js')).createS3Storage,
} as const;

/** The kinds of storage whose code is loaded on demand. */
export type RemoteKind = keyof typeof LOADERS;

type Openers = { -readonly [Kind in RemoteKind]?: Awaited<ReturnType<(typeof LOADERS)[Kind]>> };

const openers: Openers = {};

/** Loads what the mounts need. Before a snapshot that names them comes into force. */
export async function loadRemoteKinds(mounts: readonly StorageMount[]): Promise<void> {
  const kinds = new Set(mounts.map(storageKind));
  if (kinds.has('openlist')) openers.openlist ??= await LOADERS.openlist();
  if (kinds.has('webdav')) openers.webdav ??= await LOADERS.webdav();
  if (kinds.has('s3')) openers.s3 ??= await LOADERS.s3();
}

/** What opens a storage of a kind. @throws Error where {@link loadRemoteKinds} was not called */
export function remoteOpener<Kind extends RemoteKind>(kind: Kind): NonNullable<Openers[Kind]> {
  const opener = openers[kind];
  if (opener === undefined) throw new Error(`the code of ${kind} storages is not loaded`);
  return opener;
}
