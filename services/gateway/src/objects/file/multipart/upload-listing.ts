import { setImmediate } from 'node:timers/promises';
import { lowerBound, successor, toByteString, type ByteString } from '../../../storage/byte-string.js';
import type { FileDriver, FolderNames } from '../../../storage/file-driver.js';
import { StorageError } from '../../../storage/storage-error.js';
import { joinPath, type StoragePath } from '../../../storage/storage-path.js';
import type { UploadInfo, UploadsEntry, UploadsPage, UploadsQuery } from '../../multipart-store.js';
import { commonPrefix } from '../../common-prefix.js';
import { compareUploads } from '../../uploads-page.js';
import { UploadFolder } from './upload-folder.js';
import { headOf, isCut, uploadIdOf } from './upload-name.js';

/** Uploads that are looked at together, before others have their turn. */
const LOOKS_AT_ONCE = 32;

/** Lists the uploads of a bucket, by the names of their folders: a page costs what it holds, not what there is. */
export class UploadListing {
  /**
   * @param reserved the storage's reserved folder
   * @param folder that of the bucket's uploads, in it
   */
  constructor(
    private readonly reserved: FileDriver,
    private readonly folder: StoragePath,
  ) {}

  /**
   * By key in UTF-8 order, uploads of one key by the time they were initiated (Amazon S3 API reference, ListMultipartUploads),
   * which their ids sort by.
   */
  async page(query: UploadsQuery): Promise<UploadsPage> {
    const { keyMarker, uploadIdMarker, limit } = query;
    const names = await this.names();
    const prefix = toByteString(query.prefix);
    const marker = toByteString(keyMarker);
    const entries: UploadsEntry[] = [];
    let from = firstKey(query);
    for (let at = 0; (at = Math.max(at, lowerBound(names, headOf(from)))) < names.length;) {
      const begin = at;
      at = endOfBatch(names, begin, limit + 1 - entries.length);
      for (const upload of await this.read(names, begin, at)) {
        const key = toByteString(upload.key);
        if (key < from || (uploadIdMarker !== '' && key === marker && upload.uploadId <= uploadIdMarker)) continue;
        if (!key.startsWith(prefix)) {
          if (key > prefix) return { entries, truncated: false };
          continue;
        }
        if (entries.length === limit) return { entries, truncated: true };
        const group = commonPrefix(upload.key, query);
        entries.push(group === undefined ? { kind: 'upload', upload } : { kind: 'prefix', prefix: group });
        if (group !== undefined) from = successor(toByteString(group));
      }
    }
    return { entries, truncated: false };
  }

  private async names(): Promise<FolderNames> {
    try {
      return await this.reserved.list(this.folder);
    } catch (error) {
      if (error instanceof StorageError && error.code === 'not-found') return [];
      throw error;
    }
  }

  /** The uploads behind some names, in their order, but for those that have ended. */
  private async read(names: FolderNames, begin: number, end: number): Promise<UploadInfo[]> {
    const uploads: UploadInfo[] = [];
    for (let at = begin; at < end; at += LOOKS_AT_ONCE) {
      const looks: Promise<UploadInfo | undefined>[] = [];
      for (let index = at; index < Math.min(at + LOOKS_AT_ONCE, end); index++) {
        looks.push(this.readOne((names.at(index) as ByteString).replace(/\/$/, '')));
      }
      for (const upload of await Promise.all(looks)) if (upload) uploads.push(upload);
      // A local storage answers at once, so that nothing else would have its turn.
      await setImmediate();
    }
    return uploads.sort(compareUploads);
  }

  private async readOne(name: string): Promise<UploadInfo | undefined> {
    const uploadId = uploadIdOf(name);
    if (uploadId === undefined) return undefined;
    return new UploadFolder(this.reserved, joinPath(this.folder, name), uploadId).read();
  }
}

/** The least key that may be in a page. */
function firstKey(query: UploadsQuery): ByteString {
  const { prefix, keyMarker, uploadIdMarker } = query;
  const least = toByteString(prefix);
  if (keyMarker === '') return least;
  const marker = toByteString(keyMarker);
  // A common prefix that is not behind the marker is left out as a whole, as in a listing of objects.
  const group = commonPrefix(keyMarker, query);
  const behind = group !== undefined ? successor(toByteString(group)) : uploadIdMarker === '' ? `${marker}\0` : marker;
  return behind > least ? behind : least;
}

/** Where a batch ends that begins at an index. Names that do not tell in which order their uploads come stay together. */
function endOfBatch(names: FolderNames, at: number, wanted: number): number {
  const headAt = (index: number): string => (names.at(index) as ByteString).split('-', 1)[0] as string;
  let end = Math.min(at + Math.min(wanted, LOOKS_AT_ONCE), names.length);
  const last = headAt(end - 1);
  while (isCut(last) && end < names.length && headAt(end) === last) end++;
  return end;
}
