import type { ObjectKey } from '../../http/object-key.js';
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
import type { ObjectInfo } from '../object-info.js';
import { pageOfUploads } from '../uploads-page.js';
import type { MountTable } from './mount-table.js';

/** More uploads than one storage has under way at a time. */
const ALL_UPLOADS = 1_000_000;

/** Uploads of a bucket over several storages: each lies in the storage that its key lies in. */
export class TreeMultipartStore implements MultipartStore {
  constructor(private readonly mounts: MountTable) {}

  async create(upload: NewUpload): Promise<UploadInfo> {
    const { store, key } = this.mounts.place(upload.key);
    return { ...(await store.multipart.create({ ...upload, key })), key: upload.key };
  }

  async get(key: ObjectKey, uploadId: string): Promise<UploadInfo> {
    const { store, key: inner } = this.mounts.place(key);
    return { ...(await store.multipart.get(inner, uploadId)), key };
  }

  async putPart(key: ObjectKey, uploadId: string, number: number, body: ObjectBody): Promise<PartInfo> {
    const { store, key: inner } = this.mounts.place(key);
    return store.multipart.putPart(inner, uploadId, number, body);
  }

  async complete(request: CompleteUpload): Promise<ObjectInfo> {
    const { store, key } = this.mounts.place(request.key);
    return { ...(await store.multipart.complete({ ...request, key })), key: request.key };
  }

  async abort(key: ObjectKey, uploadId: string): Promise<void> {
    const { store, key: inner } = this.mounts.place(key);
    return store.multipart.abort(inner, uploadId);
  }

  async listParts(key: ObjectKey, uploadId: string, marker: number, limit: number): Promise<PartsPage> {
    const { store, key: inner } = this.mounts.place(key);
    const page = await store.multipart.listParts(inner, uploadId, marker, limit);
    return { ...page, upload: { ...page.upload, key } };
  }

  async listUploads(query: UploadsQuery): Promise<UploadsPage> {
    const everything = { prefix: '', delimiter: '', keyMarker: '', uploadIdMarker: '', limit: ALL_UPLOADS };
    const uploads: UploadInfo[] = [];
    for (const { prefix, store } of this.mounts.stores()) {
      const { entries } = await store.multipart.listUploads(everything);
      for (const entry of entries) {
        if (entry.kind !== 'upload') continue;
        const key = (prefix + entry.upload.key) as ObjectKey;
        // One that was begun before a mount came to hide its key can no longer be named.
        if (this.mounts.holds(store, key)) uploads.push({ ...entry.upload, key });
      }
    }
    return pageOfUploads(uploads, query);
  }
}
