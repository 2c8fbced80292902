import type { FileDriver, OpenFile } from '../../storage/file-driver.js';
import { isNothingThere } from '../../storage/storage-error.js';
import type { StoragePath } from '../../storage/storage-path.js';

/** Reads a whole file of the gateway's own; undefined where there is none. */
export async function readSmallFile(driver: FileDriver, path: StoragePath): Promise<Buffer | undefined> {
  if (driver.readSmall) return driver.readSmall(path);
  let file;
  try {
    file = await driver.open(path);
  } catch (error) {
    if (isNothingThere(error)) return undefined;
    throw error;
  }
  try {
    return await readWhole(file);
  } finally {
    await file.close();
  }
}

/** Reads all of an open file into memory; less than its size where it was cut short since. */
export async function readWhole(file: OpenFile): Promise<Buffer> {
  const content = Buffer.allocUnsafeSlow(file.stat.size);
  let done = 0;
  while (done < content.length) {
    const count = await file.read(content.subarray(done), done);
    if (count === 0) break;
    done += count;
  }
  return content.subarray(0, done);
}

/** Writes a whole file of the gateway's own: readers see the old or the new content. */
export async function writeSmallFile(driver: FileDriver, path: StoragePath, content: Buffer): Promise<void> {
  const temporary = await driver.createTemporary(content.length);
  try {
    await temporary.write(content);
    await temporary.finish(path);
    await temporary.commit('replace');
  } catch (error) {
    await temporary.discard();
    throw error;
  }
}
