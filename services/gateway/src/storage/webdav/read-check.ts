import type { HttpAnswer } from '../http/http-exchange.js';
import type { RemoteEntry } from '../remote/remote-entry.js';
import { StorageError } from '../storage-error.js';
import { toIdentity } from './to-remote-entry.js';

const RANGE = /^bytes (\d+)-(\d+)\/(\d+|\*)$/i;

/**
 * Whether the answer to a GET is not of the version that an entry describes. Of the server's own answers everything counts; where
 * another gives the bytes, only their number does.
 */
export function hasChanged({ status, headers, foreign }: HttpAnswer, entry: RemoteEntry): boolean {
  const total = status === 206 ? totalOf(one(headers['content-range'])) : lengthOf(one(headers['content-length']));
  if (total !== undefined && total !== entry.size) return true;
  if (foreign) return false;
  const etag = one(headers.etag);
  if (etag !== undefined && entry.identity !== '' && toIdentity(etag) !== entry.identity) return true;
  const modified = Date.parse(one(headers['last-modified']) ?? '');
  return !Number.isNaN(modified) && entry.mtimeMs !== 0 && modified !== Math.floor(entry.mtimeMs / 1000) * 1000;
}

/**
 * A read asks for the bytes as they are. Compressed ones, which some servers and proxies give all the same, are neither those nor of
 * their number; unpacking them would leave ranges and lengths without a meaning.
 *
 * @throws StorageError `unavailable`
 */
export function checkEncoding({ headers }: HttpAnswer): void {
  const encoding = one(headers['content-encoding'])?.trim().toLowerCase() ?? '';
  if (encoding === '' || encoding === 'identity') return;
  throw new StorageError(
    'unavailable',
    `The WebDAV server answers a read with Content-Encoding ${encoding}, which was not asked for: turn that off for these files.`,
  );
}

/**
 * Of an answer that another server gives after a redirect, only the length says that it is the file: without one, a page to log in at
 * would be taken for it.
 *
 * @throws StorageError `unavailable`
 */
export function checkForeignLength({ headers, foreign }: HttpAnswer): void {
  if (!foreign || one(headers['content-length']) !== undefined) return;
  throw new StorageError(
    'unavailable',
    'The server that the WebDAV server redirects a read to does not say how long its answer is.',
  );
}

/**
 * What an answer of status 206 holds must be the bytes from `start` up to `end`: a server or proxy that gives others, or does not say
 * which, would have them taken for those.
 *
 * @throws StorageError `unavailable`
 */
export function checkRange({ headers }: HttpAnswer, start: number, end: number): void {
  const [, first, last] = RANGE.exec(one(headers['content-range']) ?? '') ?? [];
  if (Number(first) === start && Number(last) === end - 1) return;
  throw new StorageError('unavailable', 'The WebDAV server answers a read with another range than was asked for.');
}

function totalOf(contentRange: string | undefined): number | undefined {
  const total = RANGE.exec(contentRange ?? '')?.[3];
  return total === '*' ? undefined : lengthOf(total);
}

function lengthOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
