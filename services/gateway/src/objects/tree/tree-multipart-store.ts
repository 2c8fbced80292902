import type { ObjectKey } from '../../http/object-key.js';
import { toByteString } from '../../storage/byte-string.js';
import { commonPrefix } from '../common-prefix.js';
import type {
  CompleteUpload,
  MultipartStore,
  NewUpload,
  PartInfo,
  PartsPage,
  UploadInfo,
  UploadsEntry,
  UploadsPage,
  UploadsQuery,
} from '../multipart-store.js';
import type { ObjectBody } from '../object-body.js';
import type { ObjectInfo } from '../object-info.js';
import type { ObjectStore } from '../object-store.js';
import { requireConditionalWrites, requireMultipart, requireTagging } from '../require-capabilities.js';
import type { CopyPartRequest } from '../storage-copy.js';
import { mergeUploads } from '../uploads-page.js';
import type { MountedStore, MountTable } from './mount-table.js';

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
    const found: UploadsEntry[] = [];
    for (const mounted of this.mounts.stores()) {
      const { prefix, store } = mounted;
      // A storage that has nothing to do with what is asked for may be down.
      if (!prefix.startsWith(query.prefix) && !query.prefix.startsWith(prefix)) continue;
      if (!store.capabilities.multipart) continue;
      found.push(...(await this.pageOf(mounted, query)));
    }
    return mergeUploads(found, query.limit);
  }

  /** What a store has for a page, and one more, by keys of the bucket. */
  private async pageOf({ prefix, store }: MountedStore, query: UploadsQuery): Promise<UploadsEntry[]> {
    const group = commonPrefix(prefix, query);
    // All that the store has is behind one common prefix, which is there as soon as one upload is.
    const { delimiter, limit } = group === undefined ? query : { delimiter: '', limit: 0 };
    if (group !== undefined && toByteString(group) <= toByteString(query.keyMarker)) return [];
    const entries: UploadsEntry[] = [];
    let marker: Marker | undefined = markerIn(prefix, query);
    while (marker !== undefined) {
      const wanted = limit + 1 - entries.length;
      const inner = { prefix: query.prefix.slice(prefix.length), delimiter, limit: wanted, ...marker };
      const page = await store.multipart.listUploads(inner);
      for (const entry of page.entries) {
        const outer = await this.shown(entry, prefix, store);
        if (outer !== undefined) entries.push(group === undefined ? outer : { kind: 'prefix', prefix: group });
      }
      const last = page.entries.at(-1);
      marker = page.truncated && last !== undefined && entries.length <= limit ? markerOf(last) : undefined;
    }
    return entries;
  }

  /** An entry of a store as the bucket has it; undefined for one that was begun before a mount came to hide its key. */
  private async shown(entry: UploadsEntry, prefix: string, store: ObjectStore): Promise<UploadsEntry | undefined> {
    if (entry.kind === 'upload') {
      const key = (prefix + entry.upload.key) as ObjectKey;
      return this.mounts.holds(store, key) ? { kind: 'upload', upload: { ...entry.upload, key } } : undefined;
    }
    const group = prefix + entry.prefix;
    if (!this.mounts.divides(group, prefix)) return { kind: 'prefix', prefix: group };
    for await (const { key } of uploadsBelow(store.multipart, entry.prefix)) {
      if (this.mounts.holds(store, (prefix + key) as ObjectKey)) return { kind: 'prefix', prefix: group };
    }
    return undefined;
  }
}

type Marker = Pick<UploadsQuery, 'keyMarker' | 'uploadIdMarker'>;

/** Where a page of a mount begins; undefined where all of it is before the marker. */
function markerIn(mount: string, { keyMarker, uploadIdMarker }: UploadsQuery): Marker | undefined {
  if (keyMarker.startsWith(mount)) return { keyMarker: keyMarker.slice(mount.length), uploadIdMarker };
  return toByteString(keyMarker) < toByteString(mount) ? { keyMarker: '', uploadIdMarker: '' } : undefined;
}

function markerOf(entry: UploadsEntry): Marker {
  return entry.kind === 'prefix'
    ? { keyMarker: entry.prefix, uploadIdMarker: '' }
    : { keyMarker: entry.upload.key, uploadIdMarker: entry.upload.uploadId };
}

async function* uploadsBelow(multipart: MultipartStore, prefix: string): AsyncIterable<UploadInfo> {
  let marker: Marker | undefined = { keyMarker: '', uploadIdMarker: '' };
  while (marker !== undefined) {
    const { entries, truncated } = await multipart.listUploads({ prefix, delimiter: '', limit: PAGE, ...marker });
    for (const entry of entries) if (entry.kind === 'upload') yield entry.upload;
    const last = entries.at(-1);
    marker = truncated && last !== undefined ? markerOf(last) : undefined;
  }
}
