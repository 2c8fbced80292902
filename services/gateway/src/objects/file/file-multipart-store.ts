import { hash, randomBytes } from 'node:crypto';
import { S3Error } from '../../errors/s3-error.js';
import type { ObjectKey } from '../../http/object-key.js';
import type { FileDriver, TemporaryFile } from '../../storage/file-driver.js';
import { StorageError } from '../../storage/storage-error.js';
import { joinPath, type StoragePath } from '../../storage/storage-path.js';
import { checkPutConditions, hasConditions } from '../write-conditions.js';
import type {
  CompleteUpload,
  MultipartStore,
  NewUpload,
  PartInfo,
  PartsPage,
  UploadInfo,
  UploadsPage,
  UploadsQuery,
} from '../multipart-store.js';
import type { ObjectBody } from '../object-body.js';
import type { ObjectInfo, ObjectPart } from '../object-info.js';
import { toS3Error } from '../to-s3-error.js';
import { keyToPath } from './key-path.js';
import type { ObjectPublisher } from './object-publisher.js';
import { findParts, multipartETag, wholeChecksum } from './multipart/completed-parts.js';
import { PartWriter } from './multipart/part-writer.js';
import { UploadAssembly } from './multipart/upload-assembly.js';
import { UploadFolder, type StoredPart } from './multipart/upload-folder.js';
import { UploadListing } from './multipart/upload-listing.js';
import { isUploadId, uploadName } from './multipart/upload-name.js';
import { compactParts } from './object-description.js';

/** Uploads of one bucket, each a folder below the storage's reserved folder. */
export class FileMultipartStore implements MultipartStore {
  private readonly folder: StoragePath;
  private readonly writer: PartWriter;
  private readonly assembly: UploadAssembly;
  private readonly listing: UploadListing;

  /**
   * @param publisher makes the bucket's objects
   * @param files the bucket's folder
   * @param reserved the storage's reserved folder
   * @param base the bucket's path in the storage
   */
  constructor(
    private readonly publisher: ObjectPublisher,
    files: FileDriver,
    private readonly reserved: FileDriver,
    base: StoragePath,
  ) {
    this.folder = joinPath('uploads' as StoragePath, hash('sha1', base));
    this.writer = new PartWriter(reserved);
    this.assembly = new UploadAssembly(reserved, files);
    this.listing = new UploadListing(reserved, this.folder);
  }

  async create(upload: NewUpload): Promise<UploadInfo> {
    // A key that can never be stored must not cost the client all its parts.
    keyToPath(upload.key);
    const initiated = new Date();
    return this.run(() => this.folderOf(upload.key, newUploadId(initiated)).create(upload, initiated));
  }

  async get(key: ObjectKey, uploadId: string): Promise<UploadInfo> {
    return this.run(() => this.find(this.folderOf(key, uploadId), key));
  }

  async putPart(key: ObjectKey, uploadId: string, number: number, body: ObjectBody): Promise<PartInfo> {
    return this.run(async () => {
      const folder = this.folderOf(key, uploadId);
      await this.find(folder, key);
      let part: StoredPart | undefined;
      try {
        part = await this.writer.write(folder, number, body);
      } finally {
        if (!(await folder.exists())) {
          // Completed or aborted meanwhile: the part has made parts of the folder anew.
          await folder.remove();
          part = undefined;
        }
      }
      if (part === undefined) throw noSuchUpload(uploadId);
      return toPartInfo(part);
    });
  }

  async complete(request: CompleteUpload): Promise<ObjectInfo> {
    const { key, uploadId } = request;
    return this.run(async () => {
      const folder = this.folderOf(key, uploadId);
      return this.reserved.lock(folder.path, async () => {
        const done = await this.findCompleted(request);
        if (done) {
          await folder.remove();
          return done;
        }
        return this.publish(folder, await this.find(folder, key), request);
      });
    });
  }

  async abort(key: ObjectKey, uploadId: string): Promise<void> {
    return this.run(async () => {
      const folder = this.folderOf(key, uploadId);
      await this.reserved.lock(folder.path, async () => {
        await this.find(folder, key);
        await folder.remove();
      });
    });
  }

  async listParts(key: ObjectKey, uploadId: string, marker: number, limit: number): Promise<PartsPage> {
    return this.run(async () => {
      const folder = this.folderOf(key, uploadId);
      const upload = await this.find(folder, key);
      const behind = (await folder.partNumbers()).filter((number) => number > marker);
      const parts: PartInfo[] = [];
      for (const number of behind.slice(0, limit)) {
        const part = await folder.readPart(number);
        if (part) parts.push(toPartInfo(part));
      }
      return { upload, parts, truncated: behind.length > limit };
    });
  }

  async listUploads(query: UploadsQuery): Promise<UploadsPage> {
    return this.run(() => this.listing.page(query));
  }

  private async publish(folder: UploadFolder, upload: UploadInfo, request: CompleteUpload): Promise<ObjectInfo> {
    const { key, uploadId, conditions } = request;
    // Before the parts are read: a part that is replaced from now on leaves its old file to this completion.
    await folder.close();
    let info: ObjectInfo;
    try {
      const parts = await findParts(folder, request);
      const checksum = wholeChecksum(upload, request, parts);
      if (hasConditions(conditions)) checkPutConditions(conditions, await this.publisher.current(key));
      info = await this.publisher.publish(key, await this.assemble(folder, parts), conditions, {
        ...upload.attributes,
        etag: multipartETag(parts.map((part) => part.md5)),
        parts: compactParts(parts.map(toObjectPart)),
        uploadId,
        ...(checksum && { checksum }),
      });
    } catch (error) {
      await folder.reopen();
      throw error;
    }
    await folder.remove();
    return info;
  }

  private async assemble(folder: UploadFolder, parts: readonly StoredPart[]): Promise<TemporaryFile> {
    try {
      return await this.assembly.assemble(folder, parts);
    } catch (error) {
      // An earlier completion has made the object of them, and died before it could remove the upload.
      const gone = error instanceof StorageError && error.code === 'not-found';
      throw gone ? noSuchUpload(folder.uploadId) : error;
    }
  }

  /** The object that an earlier completion of the same parts has made: a client that did not get its answer asks again. */
  private async findCompleted({ key, uploadId, parts }: CompleteUpload): Promise<ObjectInfo | undefined> {
    const done = await this.publisher.completedBy(key, uploadId);
    return done?.etag === multipartETag(parts.map((part) => part.etag)) ? done : undefined;
  }

  /** @throws S3Error `NoSuchUpload` for an id that cannot be one: it must never become a path */
  private folderOf(key: ObjectKey, uploadId: string): UploadFolder {
    if (!isUploadId(uploadId)) throw noSuchUpload(uploadId);
    return new UploadFolder(this.reserved, joinPath(this.folder, uploadName(key, uploadId)), uploadId);
  }

  private async find(folder: UploadFolder, key: ObjectKey): Promise<UploadInfo> {
    const upload = await folder.read();
    if (upload?.key !== key) throw noSuchUpload(folder.uploadId);
    return upload;
  }

  private async run<T>(action: () => Promise<T> | T): Promise<T> {
    try {
      return await action();
    } catch (error) {
      throw toS3Error(error);
    }
  }
}

/** Ids sort by the time of the initiation, as ListMultipartUploads sorts uploads of one key; 80 bits cannot be guessed. */
function newUploadId(initiated: Date): string {
  return initiated.getTime().toString(16).padStart(12, '0') + randomBytes(10).toString('hex');
}

function toPartInfo({ number, size, md5, modified, checksum }: StoredPart): PartInfo {
  return { number, size, etag: md5, lastModified: new Date(modified), ...(checksum && { checksum }) };
}

function toObjectPart({ number, size, checksum }: StoredPart): ObjectPart {
  return { number, size, ...(checksum && { checksum: checksum.value }) };
}

function noSuchUpload(uploadId: string): S3Error {
  return new S3Error('NoSuchUpload', { details: { UploadId: uploadId } });
}
