import type { FileDriver } from '../../storage/file-driver.js';
import { StorageError } from '../../storage/storage-error.js';
import type { StoragePath } from '../../storage/storage-path.js';
import { readSmallFile } from './small-files.js';
import { readSpare } from './spare-file.js';

/** Reads of a file that somebody replaces with each of them. */
const MAX_READS = 50;

/**
 * Reads a JSON document of the gateway's own; undefined where there is none.
 *
 * Servers that look at a file before they open it (Apache, rclone) give the bytes of a new version cut to the length of the one
 * before, where it is replaced in between. That is never a document, and is read again: the next read begins when the new
 * version is there. What is the same twice is damaged.
 *
 * @throws SyntaxError where it is damaged
 * @throws StorageError `busy` where it never was whole
 */
export async function readSmallJson<T>(driver: FileDriver, path: StoragePath): Promise<T | undefined> {
  let before: Buffer | undefined;
  for (let read = 1; read <= MAX_READS; read++) {
    const stored = (await readSmallFile(driver, path)) ?? (await readSpare(driver, path));
    if (stored === undefined) return undefined;
    try {
      return JSON.parse(stored.toString('utf8')) as T;
    } catch (error) {
      if (before?.equals(stored)) throw error;
      before = stored;
    }
  }
  throw new StorageError('busy', 'A file of the gateway is being replaced all the time.');
}
