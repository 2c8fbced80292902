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
import { requireConditionalWrites, requireMultipart, requireTagging } from '../require-capabilities.js';
import type { CopyPartRequest } from '../storage-copy.js';
import { pageOfUploads } from '../uploads-page.js';
import type { MountTable } from './mount-table.js';

/** Uploads asked for at a time: an upstream gives no more. */
const PAGE = 1000;

/** Uploads of a bucket over several storages: each lies in the storage that its key lies in. */
export class TreeMultipartStore implements MultipartStore {
  constructor(private readonly mounts: MountTable) {}

  async create(upload: NewUpload): Promise<UploadInfo> {
    const { store, key } = this.mounts.place(upload.key);
    requireMultipart(store);
    requireTagging(store, upload.attributes.tags);
    return { ...(await store.multipart.create({ ...upload, key })), key: upload.key };
  }

  async get(key: ObjectKey, uploadId: string): Promise<UploadInfo> {
    const { store, key: inner } = this.mounts.place(key);
    return { ...(await store.multipart.get(inner, uploadId)), key };
  }

  async recall(key: ObjectKey, uploadId: string): Promise<Pick<UploadInfo, 'checksumAlgorithm'>> {
    const { store, key: inner } = this.mounts.place(key);
    const { multipart } = store;
    return multipart.recall ? multipart.recall(inner, uploadId) : multipart.get(inner, uploadId);
  }

  async copyPart(part: CopyPartRequest): Promise<PartInfo | undefined> {
    const { store, key } = this.mounts.place(part.key);
    return store.multipart.copyPart?.({ ...part, key });
  }

  async putPart(key: ObjectKey, uploadId: string, number: number, body: ObjectBody): Promise<PartInfo> {
    const { store, key: inner } = this.mounts.place(key);
    return store.multipart.putPart(inner, uploadId, number, body);
  }

  async complete(request: CompleteUpload): Promise<ObjectInfo> {
    const { store, key } = this.mounts.place(request.key);
    requireConditionalWrites(store, request.conditions);
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
    const uploads: UploadInfo[] = [];
    for (const { prefix, store } of this.mounts.stores()) {
      // A storage that has nothing to do with what is asked for may be down.
      if (!prefix.startsWith(query.prefix) && !query.prefix.startsWith(prefix)) continue;
      if (!store.capabilities.multipart) continue;
      for await (const upload of allUploads(store.multipart, query.prefix.slice(prefix.length))) {
        const key = (prefix + upload.key) as ObjectKey;
        // One that was begun before a mount came to hide its key can no longer be named.
        if (this.mounts.holds(store, key)) uploads.push({ ...upload, key });
      }
    }
    return pageOfUploads(uploads, query);
  }
}

async function* allUploads(multipart: MultipartStore, prefix: string): AsyncIterable<UploadInfo> {
  let marker = { keyMarker: '', uploadIdMarker: '' };
  for (;;) {
    const { entries, truncated } = await multipart.listUploads({ prefix, delimiter: '', limit: PAGE, ...marker });
    let last: UploadInfo | undefined;
    for (const entry of entries) {
      if (entry.kind !== 'upload') continue;
      last = entry.upload;
      yield last;
    }
    if (!truncated || last === undefined) return;
    marker = { keyMarker: last.key, uploadIdMarker: last.uploadId };
  }
}
