import { S3Error } from '../../errors/s3-error.js';
import type { ObjectKey } from '../../http/object-key.js';
import type { CommitMode, FileDriver, FileStat, TemporaryFile } from '../../storage/file-driver.js';
import { StorageError } from '../../storage/storage-error.js';
import { parentOf, type StoragePath } from '../../storage/storage-path.js';
import type { WriteConditions } from '../conditions.js';
import type { ObjectInfo } from '../object-info.js';
import { checkPutConditions, hasConditions } from '../write-conditions.js';
import { keyToPath } from './key-path.js';
import { describeObject } from './object-description.js';
import type { FileVersion, ObjectRecord } from './object-record.js';
import type { ObjectRecords } from './object-records.js';

/** Makes finished files the objects of a bucket, for single uploads and completed ones alike. */
export class ObjectPublisher {
  /** @param files the bucket's folder */
  constructor(
    private readonly files: FileDriver,
    private readonly records: ObjectRecords,
  ) {}

  /**
   * Makes a written temporary file the object: the one way in which bytes become visible. On failure the file is discarded.
   *
   * @throws S3Error `PreconditionFailed`, `NoSuchBucket` where its folder had to be there and is gone; StorageErrors
   */
  async publish(
    key: ObjectKey,
    temporary: TemporaryFile,
    conditions: WriteConditions,
    facts: Omit<ObjectRecord, 'size' | 'mtimeMs' | 'identity'>,
  ): Promise<ObjectInfo> {
    const path = keyToPath(key);
    try {
      const stat = await temporary.finish(path);
      const record: ObjectRecord = { ...facts, size: stat.size, mtimeMs: stat.mtimeMs, identity: stat.identity };
      const attach = await this.records.attach(temporary, path, record);
      return await this.files.lock(path, async () => {
        if (hasConditions(conditions)) checkPutConditions(conditions, await this.current(key));
        const attached = await attach();
        const changed = await this.commit(temporary, path, conditions.ifNoneMatch === '*' ? 'create' : 'replace');
        if (changed) return describeObject(key, changed, await this.follow(path, attached, changed));
        return describeObject(key, attached === record ? stat : { ...stat, ...versionOf(attached) }, attached);
      });
    } catch (error) {
      // Folders were made for it; with nothing in them they would show as common prefixes.
      await temporary.discard();
      await this.prune(parentOf(path));
      const gone = error instanceof StorageError && error.code === 'not-found';
      throw gone ? new S3Error('NoSuchBucket', { cause: error }) : error;
    }
  }

  /** The object as it is, for conditions; undefined where there is none. */
  async current(key: ObjectKey): Promise<ObjectInfo | undefined> {
    const settled = await this.records.settle(keyToPath(key));
    return settled && describeObject(key, settled.facts.stat, settled.record);
  }

  /** The object as it is, where it is what this upload was completed to. */
  async completedBy(key: ObjectKey, uploadId: string): Promise<ObjectInfo | undefined> {
    const settled = await this.records.settle(keyToPath(key));
    if (settled?.record?.uploadId !== uploadId) return undefined;
    return describeObject(key, settled.facts.stat, settled.record);
  }

  /** Removes folders that a delete has left empty. One that a client made on purpose holds its own object, and so is not. */
  async prune(folder: StoragePath): Promise<void> {
    try {
      for (let path = folder; path !== ''; path = parentOf(path)) {
        if (!(await this.files.removeFolder(path))) return;
      }
    } catch {
      // The object is gone, which is what was asked for; an empty folder does no harm.
    }
  }

  /** Rewrites the record of a file that has other facts under its name than it had before. */
  private async follow(path: StoragePath, record: ObjectRecord, stat: FileStat): Promise<ObjectRecord> {
    const fitting = { ...record, ...versionOf(stat) };
    await this.records.replace(path, fitting);
    return fitting;
  }

  private async commit(temporary: TemporaryFile, path: StoragePath, mode: CommitMode): Promise<FileStat | void> {
    try {
      return await temporary.commit(mode);
    } catch (error) {
      if (!(error instanceof StorageError) || (error.code !== 'is-folder' && error.code !== 'exists')) throw error;
      const isFolder = (await this.files.facts(path))?.stat.kind === 'folder';
      if (!isFolder) throw error;
      // An empty folder holds no key, so it is in nobody's way.
      if (!(await this.files.removeFolder(path)))
        throw new StorageError('is-folder', 'The key is a folder.', { cause: error });
      return temporary.commit(mode);
    }
  }
}

function versionOf({ size, mtimeMs, identity }: FileVersion): FileVersion {
  return { size, mtimeMs, identity };
}
