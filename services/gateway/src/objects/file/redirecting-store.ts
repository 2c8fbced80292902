import type { ObjectKey } from '../../http/object-key.js';
import type { FileDriver } from '../../storage/file-driver.js';
import { joinPath, type StoragePath } from '../../storage/storage-path.js';
import { toS3Error } from '../to-s3-error.js';
import { FileObjectStore } from './file-object-store.js';
import { keyToPath } from './key-path.js';
import type { ObjectCache } from './object-cache.js';

/** Gives the URL at which a storage itself has the bytes of a file; undefined where it has none. */
export type DownloadUrl = (path: StoragePath) => Promise<string | undefined>;

/** S3 over files of a storage that clients can be sent to. */
export class RedirectingStore extends FileObjectStore {
  constructor(
    storage: FileDriver,
    private readonly folder: StoragePath,
    cache: ObjectCache,
    private readonly downloadUrl: DownloadUrl,
  ) {
    super(storage, folder, cache);
  }

  async redirectTo(key: ObjectKey, overrides: ReadonlyMap<string, string>): Promise<string | undefined> {
    // A drive answers with headers of its own.
    if (overrides.size > 0) return undefined;
    try {
      return await this.downloadUrl(joinPath(this.folder, keyToPath(key)));
    } catch (error) {
      throw toS3Error(error);
    }
  }
}
