import { SaxesParser } from 'saxes';
import type { RemoteEntry } from '../remote/remote-entry.js';
import { StorageError } from '../storage-error.js';

/** Hashes of a file by algorithm (`md5`, `sha1`, `sha256`, …), lower-case hexadecimal. */
export type OpenlistHashes = ReadonlyMap<string, string>;

/** A file or folder as OpenList describes it. */
export interface OpenlistEntry extends RemoteEntry {
  readonly hashes: OpenlistHashes;
}

/** An element of `fs/list` and the data of `fs/get`, as far as they are of use. */
export interface OpenlistObject {
  readonly name: string;
  readonly size: number;
  readonly is_dir: boolean;
  /** RFC 3339 with up to nine digits of a second, in the server's zone. */
  readonly modified: string;
  readonly hash_info?: Readonly<Record<string, string>> | null;
}

const NO_HASHES: OpenlistHashes = new Map();

/** The entry that an object of the REST interface describes. */
export function entryOfObject(object: OpenlistObject): OpenlistEntry {
  const seconds = Math.floor(Date.parse(object.modified) / 1000);
  if (object.is_dir) return entryOf(object.name, undefined, seconds, NO_HASHES);
  const hashes = new Map(Object.entries(object.hash_info ?? {}));
  return entryOf(object.name, object.size, seconds, hashes);
}

/**
 * REST gives times to the nanosecond and WebDAV to the second, so both are cut to seconds: a look at one name and a listing
 * of its folder must tell the same of the same file, or whatever is kept for it is thrown away each time. The identity is
 * OpenList's entity tag: the largest hash where the drive has one, else time and size.
 */
function entryOf(name: string, size: number | undefined, seconds: number, hashes: OpenlistHashes): OpenlistEntry {
  // The zero time of Go, for folders that only lead to storages, and for drives that tell none.
  const known = Number.isFinite(seconds) ? seconds : 0;
  const mtimeMs = Math.max(0, known * 1000);
  if (size === undefined) return { name, kind: 'folder', size: 0, mtimeMs, identity: '', hashes };
  let identity = '';
  for (const hash of hashes.values()) if (hash > identity) identity = hash;
  if (identity === '') identity = `${known.toString(16)}-${size.toString(16)}`;
  return { name, kind: 'file', size, mtimeMs, identity, hashes };
}

/** The entry that the answer to a PROPFIND of depth 0 describes. @throws StorageError `unavailable` for anything else */
export function entryOfMultistatus(name: string, xml: string): OpenlistEntry {
  const values = new Map<string, string>();
  const hashes = new Map<string, string>();
  let folder = false;
  let text = '';
  try {
    const parser = new SaxesParser({ xmlns: true });
    parser.on('opentag', ({ local, uri }) => {
      text = '';
      if (uri === 'DAV:' && local === 'collection') folder = true;
    });
    parser.on('text', (more) => (text += more));
    parser.on('closetag', ({ local }) => {
      if (local === 'checksum') addHash(hashes, text);
      else values.set(local, text);
    });
    parser.on('error', (error) => {
      throw error;
    });
    parser.write(xml).close();
  } catch (error) {
    throw new StorageError('unavailable', 'OpenList answered a WebDAV request with broken XML.', { cause: error });
  }
  const seconds = Math.floor(Date.parse(values.get('getlastmodified') ?? '') / 1000);
  if (folder) return entryOf(name, undefined, seconds, NO_HASHES);
  const size = Number(values.get('getcontentlength') ?? Number.NaN);
  if (!Number.isSafeInteger(size) || size < 0) {
    throw new StorageError('unavailable', 'OpenList answered a WebDAV request without the size of the file.');
  }
  return entryOf(name, size, seconds, hashes);
}

function addHash(hashes: Map<string, string>, text: string): void {
  const colon = text.indexOf(':');
  if (colon > 0) hashes.set(text.slice(0, colon).toLowerCase(), text.slice(colon + 1).toLowerCase());
}
