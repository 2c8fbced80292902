import { S3Error } from '../errors/s3-error.js';
import type { ObjectKey } from '../http/object-key.js';
import type { MaybePromise } from '../maybe-promise.js';
import type {
  CompleteUpload,
  MultipartStore,
  NewUpload,
  PartInfo,
  PartsPage,
  UploadInfo,
  UploadsPage,
  UploadsQuery,
} from '../objects/multipart-store.js';
import type { ObjectBody } from '../objects/object-body.js';
import type { ObjectInfo } from '../objects/object-info.js';
import type { BucketRoom } from './bucket-room.js';

/** Parts that are asked for at once. */
const PARTS_A_PAGE = 1000;

/**
 * The uploads of a bucket with a quota. Parts count once their object is complete; one that does not fit by itself, or the
 * begin of an upload to a bucket that is full, is refused at once, since its object would be.
 */
export class LimitedMultipartStore implements MultipartStore {
  readonly recall?: NonNullable<MultipartStore['recall']>;
  readonly copyPart?: NonNullable<MultipartStore['copyPart']>;

  constructor(
    private readonly store: MultipartStore,
    private readonly room: BucketRoom,
  ) {
    const recall = store.recall?.bind(store);
    if (recall !== undefined) this.recall = recall;
    const copyPart = store.copyPart?.bind(store);
    if (copyPart !== undefined) {
      this.copyPart = async (part) => {
        const { range, source } = part;
        await room.require(part.key, range === undefined ? source.size : range.end - range.start);
        return await copyPart(part);
      };
    }
  }

  async create(upload: NewUpload): Promise<UploadInfo> {
    await this.room.require(upload.key, 1);
    return await this.store.create(upload);
  }

  get(key: ObjectKey, uploadId: string): MaybePromise<UploadInfo> {
    return this.store.get(key, uploadId);
  }

  async putPart(key: ObjectKey, uploadId: string, number: number, body: ObjectBody): Promise<PartInfo> {
    await this.room.require(key, body.length ?? 1);
    return await this.store.putPart(key, uploadId, number, body);
  }

  async complete(request: CompleteUpload): Promise<ObjectInfo> {
    const size = this.room.limitsBytes ? await this.sizeOf(request) : 1;
    return await this.room.write(request.key, size, () => this.store.complete(request));
  }

  abort(key: ObjectKey, uploadId: string): Promise<void> {
    return this.store.abort(key, uploadId);
  }

  listParts(key: ObjectKey, uploadId: string, marker: number, limit: number): Promise<PartsPage> {
    return this.store.listParts(key, uploadId, marker, limit);
  }

  listUploads(query: UploadsQuery): Promise<UploadsPage> {
    return this.store.listUploads(query);
  }

  /** What the object will have; 0 of an upload that is not there: that is for the store to judge, which may know it as completed. */
  private async sizeOf({ key, uploadId, parts }: CompleteUpload): Promise<number> {
    const named = new Set(parts.map(({ number }) => number));
    let size = 0;
    try {
      for (let marker = 0, more = true; more;) {
        const page = await this.store.listParts(key, uploadId, marker, PARTS_A_PAGE);
        for (const part of page.parts) if (named.has(part.number)) size += part.size;
        more = page.truncated;
        marker = page.parts.at(-1)?.number ?? Infinity;
      }
    } catch (error) {
      if (error instanceof S3Error && error.code === 'NoSuchUpload') return 0;
      throw error;
    }
    return size;
  }
}
