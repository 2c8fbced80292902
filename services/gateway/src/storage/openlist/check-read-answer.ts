import type { HttpAnswer } from '../http/http-exchange.js';
import type { RemoteEntry } from '../remote/remote-entry.js';
import type { RemoteReader } from '../remote/remote-files.js';
import { StorageError } from '../storage-error.js';

/** Names that a web page may have as a file; of all others, a page is the one that OpenList answers unknown routes with. */
const PAGE_NAME = /\.(x?html?|xht|shtml)$/i;

/** A reader that has nothing to give. */
export const EMPTY_READER: RemoteReader = { read: () => Promise.resolve(0), close: () => undefined };

/**
 * Checks that an answer of status 200 or 206 holds the bytes from `start` up to `end` of this version of the file.
 *
 * @returns how many bytes of the answer come before them
 * @throws StorageError `changed` where it is of another version, `unavailable` where it is no file
 */
export function checkReadAnswer(answer: HttpAnswer, entry: RemoteEntry, start: number, end: number): number {
  const { headers, foreign } = answer;
  // A drive that OpenList redirects to has entity tags of its own, which tell nothing.
  if (!foreign && hasOtherTag(String(headers['etag'] ?? ''), entry)) throw changed();
  if (answer.status === 206) {
    const [, from, to, size] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(String(headers['content-range'] ?? '')) ?? [];
    if (size !== undefined && size !== '*' && Number(size) !== entry.size) throw changed();
    if (Number(from) === start && Number(to) === end - 1) return 0;
    throw new StorageError('unavailable', 'OpenList answered a read with another range than was asked for.');
  }
  if (isPage(answer, entry.name)) throw new StorageError('unavailable', 'OpenList answered a read with a web page.');
  // A drive without ranges: all of it comes, and what was not asked for is passed over.
  const length = headers['content-length'];
  if (length !== undefined && Number(length) !== entry.size) throw changed();
  return start;
}

/** Whether an answer of status 200 is OpenList's web page rather than the file of this name. */
export function isPage({ headers }: HttpAnswer, name: string): boolean {
  return String(headers['content-type'] ?? '').startsWith('text/html') && !PAGE_NAME.test(name);
}

function hasOtherTag(etag: string, entry: RemoteEntry): boolean {
  const [, tag] = /^"(.+)"$/.exec(etag) ?? [];
  return tag !== undefined && tag !== entry.identity;
}

function changed(): StorageError {
  return new StorageError('changed', 'The file was changed in OpenList while it was read.');
}
