import { hash } from 'node:crypto';
import type { FileDriver } from '../../storage/file-driver.js';
import { isNothingThere } from '../../storage/storage-error.js';
import { joinPath, type StoragePath } from '../../storage/storage-path.js';
import { lowerBound } from '../../storage/byte-string.js';
import { readSmallFile, writeSmallFile } from './small-files.js';

/** Small, and listed often: the records themselves lie in folders below it. */
const FOLDER = 'meta' as StoragePath;

/**
 * Replaces a file of the gateway's own whose old content must not be lost. Servers that remove a file before they rename another to its
 * name (Apache, rclone) may fail in between, and have neither then: so the new content first goes to a spare, of a name that
 * {@link readSpare} knows. Under the file's lock.
 */
export async function replaceSmallFile(driver: FileDriver, path: StoragePath, content: Buffer): Promise<void> {
  if (driver.capabilities.atomicReplace) return writeSmallFile(driver, path, content);
  const spare = spareOf(path);
  const isLeft = await hasSpare(driver, path);
  // The only copy, where a replacement failed before: a free name is taken without a risk for it.
  if (isLeft && (await driver.stat(path)) === undefined) {
    await writeSmallFile(driver, path, content);
  } else {
    await writeSmallFile(driver, spare, content);
    try {
      await writeSmallFile(driver, path, content);
    } catch (error) {
      await removeNeedless(driver, path).catch(() => undefined);
      throw error;
    }
  }
  await driver.removeFile(spare);
}

/** What a file was to be replaced with that is not there since that failed; undefined for all others. */
export async function readSpare(driver: FileDriver, path: StoragePath): Promise<Buffer | undefined> {
  return (await hasSpare(driver, path)) ? readSmallFile(driver, spareOf(path)) : undefined;
}

/** Removes a file that may have been replaced with {@link replaceSmallFile}. False where there was none. */
export async function removeSmallFile(driver: FileDriver, path: StoragePath): Promise<boolean> {
  // First: it would come back in its place.
  if (await hasSpare(driver, path)) await driver.removeFile(spareOf(path));
  return driver.removeFile(path);
}

async function removeNeedless(driver: FileDriver, path: StoragePath): Promise<void> {
  if ((await driver.stat(path)) !== undefined) await driver.removeFile(spareOf(path));
}

/** By the folder's listing, which is kept: files without a record are looked for all the time. */
async function hasSpare(driver: FileDriver, path: StoragePath): Promise<boolean> {
  if (driver.capabilities.atomicReplace) return false;
  try {
    const names = await driver.list(FOLDER);
    const name = nameOf(path);
    return names.at(lowerBound(names, name)) === name;
  } catch (error) {
    if (isNothingThere(error)) return false;
    throw error;
  }
}

function spareOf(path: StoragePath): StoragePath {
  return joinPath(FOLDER, nameOf(path));
}

function nameOf(path: StoragePath): string {
  return `spare-${hash('sha256', path)}`;
}
