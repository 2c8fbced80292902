import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { FileDriver } from '../storage/file-driver.js';
import { RESERVED_FOLDER, joinPath, type StoragePath } from '../storage/storage-path.js';
import { BucketStateFile } from './bucket-state-file.js';

/** States kept in memory; another one is read again. */
const MAX_KNOWN = 10_000;

/**
 * Bucket states of one storage, in `.bucketway/buckets/`. A state is that of a name and a folder: a name that is mapped to another
 * folder is another bucket, and must neither inherit what clients have set on the first one nor overwrite who owns it.
 */
export class BucketStates {
  private readonly files: FileDriver;
  private readonly known = new LRUCache<string, BucketStateFile>({ max: MAX_KNOWN });

  constructor(storage: FileDriver) {
    this.files = storage.scope(RESERVED_FOLDER);
  }

  /** @param folder of the bucket, in the storage: a storage that is mounted elsewhere keeps its states */
  of(bucket: string, folder: StoragePath): BucketStateFile {
    const id = `${bucket}/${folder}`;
    let file = this.known.get(id);
    if (file === undefined) {
      const place = joinPath('buckets' as StoragePath, `${bucket}@${hash('sha1', folder)}.json`);
      file = new BucketStateFile(this.files, place);
      this.known.set(id, file);
    }
    return file;
  }
}
