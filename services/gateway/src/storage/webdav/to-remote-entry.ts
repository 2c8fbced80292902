import type { RemoteEntry } from '../remote/remote-entry.js';
import type { MultistatusEntry } from './multistatus-parser.js';

/** What a multistatus says of a file or folder; undefined for a file whose size it does not say, which cannot be served. */
export function toRemoteEntry(
  name: string,
  { collection, length, modified, etag }: MultistatusEntry,
): RemoteEntry | undefined {
  const mtimeMs = modified === undefined ? Number.NaN : Date.parse(modified);
  const facts = {
    name,
    mtimeMs: Number.isNaN(mtimeMs) ? 0 : mtimeMs,
    identity: etag === undefined ? '' : toIdentity(etag),
  };
  if (collection) return { ...facts, kind: 'folder', size: 0 };
  if (length === undefined || !/^\d{1,15}$/.test(length)) return undefined;
  return { ...facts, kind: 'file', size: Number(length) };
}

/**
 * An entity tag as an identity. Apache marks the tag of a file as weak while that is younger than a second, and gives the same tag
 * without the mark from then on.
 */
export function toIdentity(etag: string): string {
  return etag
    .trim()
    .replace(/^W\//, '')
    .replace(/^"(.*)"$/, '$1')
    .replaceAll(' ', '_');
}
