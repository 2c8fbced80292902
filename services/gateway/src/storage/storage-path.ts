import { MAX_SEGMENT_BYTES, RESERVED_PREFIX } from '@bucketway/contract';
import { StorageError } from './storage-error.js';

declare const storagePathBrand: unique symbol;

/**
 * A path below a storage's root that cannot leave it: segments joined by `/`, no empty segment, no `.` or `..`, no NUL,
 * no segment over 255 bytes. The empty string is the root itself.
 */
export type StoragePath = string & { readonly [storagePathBrand]: true };

/** Every name that begins so is the gateway's own: hidden from listings and refused to clients. */
export { RESERVED_PREFIX };

/** The folder at a storage's root that holds the gateway's own files. */
export const RESERVED_FOLDER = '.bucketway' as StoragePath;

export const ROOT = '' as StoragePath;

/**
 * Makes a path of text that came from a client: what {@link StoragePath} allows, and no reserved name.
 *
 * @throws StorageError `unsupported-name` or `name-too-long`, with a message that says what is wrong
 */
export function parseStoragePath(text: string): StoragePath {
  if (text === '') return ROOT;
  let start = 0;
  while (start <= text.length) {
    const slash = text.indexOf('/', start);
    const end = slash < 0 ? text.length : slash;
    checkSegment(text.slice(start, end));
    start = end + 1;
  }
  return text as StoragePath;
}

function checkSegment(segment: string): void {
  if (segment === '') {
    throw new StorageError('unsupported-name', 'A key must not begin with "/" or contain "//": folders have names.');
  }
  if (segment === '.' || segment === '..') {
    throw new StorageError('unsupported-name', `A key must not contain the segment "${segment}".`);
  }
  if (segment.startsWith(RESERVED_PREFIX)) {
    throw new StorageError('unsupported-name', `Names that begin with "${RESERVED_PREFIX}" are reserved.`);
  }
  if (segment.includes('\0')) throw new StorageError('unsupported-name', 'A key must not contain NUL.');
  if (segment.length * 3 > MAX_SEGMENT_BYTES && Buffer.byteLength(segment) > MAX_SEGMENT_BYTES) {
    throw new StorageError('name-too-long', `A segment of the key is longer than ${MAX_SEGMENT_BYTES} bytes.`);
  }
}

/** Joins a path and the gateway's own segments, which need no check. */
export function joinPath(parent: StoragePath, ...segments: string[]): StoragePath {
  const tail = segments.length === 1 ? (segments[0] as string) : segments.join('/');
  return (parent === '' ? tail : tail === '' ? parent : `${parent}/${tail}`) as StoragePath;
}

/** The folder that holds a path; the root for a top-level name. */
export function parentOf(path: StoragePath): StoragePath {
  const slash = path.lastIndexOf('/');
  return (slash < 0 ? '' : path.slice(0, slash)) as StoragePath;
}
