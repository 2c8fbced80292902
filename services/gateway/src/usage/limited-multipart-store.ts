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
import type { BucketRoom, RoomOfPart } from './bucket-room.js';
import { limitBody } from './limit-body.js';

/** Parts that are asked for at once. */
const PARTS_A_PAGE = 1000;

/**
 * The uploads of a bucket with a quota. Parts take room from when they are written, as the storage holds them then, until their
 * upload ends: else uploads that nobody completes would fill it. The begin of an upload to a bucket that is full is refused at once.
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
        const { key, uploadId, number, range, source } = part;
        const size = range === undefined ? source.size : range.end - range.start;
        return await room.writePart(this.place(key, uploadId, number), size, () => copyPart(part));
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
    const { room } = this;
    const place = this.place(key, uploadId, number);
    const limited = body.length === undefined && room.limitsBytes ? limitBody(body, room, () => place.sizeOf()) : body;
    return await room.writePart(place, body.length ?? 1, () => this.store.putPart(key, uploadId, number, limited));
  }

  async complete(request: CompleteUpload): Promise<ObjectInfo> {
    const named = new Set(request.parts.map(({ number }) => number));
    let size = 0;
    let stored = 0;
    for await (const part of this.partsOf(request.key, request.uploadId)) {
      stored += part.size;
      if (named.has(part.number)) size += part.size;
    }
    const made = await this.room.write(request.key, size, () => this.store.complete(request), stored);
    this.room.freed(nameOf(request.uploadId), stored);
    return made;
  }

  async abort(key: ObjectKey, uploadId: string): Promise<void> {
    let stored = 0;
    for await (const part of this.partsOf(key, uploadId)) stored += part.size;
    await this.store.abort(key, uploadId);
    this.room.freed(nameOf(uploadId), stored);
  }

  listParts(key: ObjectKey, uploadId: string, marker: number, limit: number): Promise<PartsPage> {
    return this.store.listParts(key, uploadId, marker, limit);
  }

  listUploads(query: UploadsQuery): Promise<UploadsPage> {
    return this.store.listUploads(query);
  }

  private place(key: ObjectKey, uploadId: string, number: number): RoomOfPart {
    return {
      name: `${nameOf(uploadId)}\0${number}`,
      sizeOf: async () => {
        for await (const part of this.partsOf(key, uploadId, number - 1, 1)) {
          return part.number === number ? part.size : undefined;
        }
        return undefined;
      },
    };
  }

  /** None of an upload that is not there: that is for the store to judge, which may know it as completed. */
  private async *partsOf(key: ObjectKey, uploadId: string, behind = 0, limit = PARTS_A_PAGE): AsyncIterable<PartInfo> {
    try {
      for (let marker = behind, more = true; more;) {
        const page = await this.store.listParts(key, uploadId, marker, limit);
        yield* page.parts;
        more = page.truncated;
        marker = page.parts.at(-1)?.number ?? Infinity;
      }
    } catch (error) {
      if (!(error instanceof S3Error && error.code === 'NoSuchUpload')) throw error;
    }
  }
}

/** A key begins with no NUL. */
function nameOf(uploadId: string): string {
  return `\0${uploadId}`;
}
