import { S3Error } from '../../errors/s3-error.js';
import type { ObjectKey } from '../../http/object-key.js';
import { StorageError } from '../../storage/storage-error.js';
import { RESERVED_PREFIX, joinPath, parseStoragePath, type StoragePath } from '../../storage/storage-path.js';

/**
 * The file inside a folder that stands for the object whose key ends in `/`: a folder that a client made on purpose, often
 * empty, sometimes with a body. A folder without it is only where other keys lie, and no object.
 */
export const FOLDER_OBJECT = `${RESERVED_PREFIX}-folder`;

/**
 * The file that holds an object.
 *
 * @throws S3Error `UnsupportedKey` or `KeyTooLongError` for a key that no file can have
 */
export function keyToPath(key: ObjectKey): StoragePath {
  try {
    if (!key.endsWith('/')) return parseStoragePath(key);
    return joinPath(parseStoragePath(key.slice(0, -1) || '/'), FOLDER_OBJECT);
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    throw new S3Error(error.code === 'name-too-long' ? 'KeyTooLongError' : 'UnsupportedKey', {
      message: error.message,
      details: { Key: key },
      cause: error,
    });
  }
}
