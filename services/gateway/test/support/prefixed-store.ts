import type { ObjectKey } from '../../src/http/object-key.js';
import type { WriteConditions } from '../../src/objects/conditions.js';
import type { ListQuery, ObjectListing } from '../../src/objects/listing.js';
import type { MultipartStore, UploadInfo } from '../../src/objects/multipart-store.js';
import type { ObjectInfo, Tag } from '../../src/objects/object-info.js';
import type { ObjectStore, OpenObject, PutObject, StoreCapabilities } from '../../src/objects/object-store.js';

/** What a store has below a prefix, as if that were all: so a contract can be held against a part of a tree. */
export class PrefixedStore implements ObjectStore {
  readonly multipart: MultipartStore;

  constructor(
    private readonly store: ObjectStore,
    private readonly prefix: string,
  ) {
    const { multipart } = store;
    const strip = (upload: UploadInfo): UploadInfo => ({ ...upload, key: this.inner(upload.key) });
    this.multipart = {
      create: async (upload) => strip(await multipart.create({ ...upload, key: this.outer(upload.key) })),
      get: async (key, uploadId) => strip(await multipart.get(this.outer(key), uploadId)),
      putPart: (key, uploadId, number, body) => multipart.putPart(this.outer(key), uploadId, number, body),
      complete: async (request) => this.strip(await multipart.complete({ ...request, key: this.outer(request.key) })),
      abort: (key, uploadId) => multipart.abort(this.outer(key), uploadId),
      listParts: async (key, uploadId, marker, limit) => {
        const page = await multipart.listParts(this.outer(key), uploadId, marker, limit);
        return { ...page, upload: strip(page.upload) };
      },
      listUploads: async (query) => {
        const keyMarker = query.keyMarker && prefix + query.keyMarker;
        const page = await multipart.listUploads({ ...query, prefix: prefix + query.prefix, keyMarker });
        return {
          ...page,
          entries: page.entries.map((entry) =>
            entry.kind === 'upload'
              ? { kind: 'upload', upload: strip(entry.upload) }
              : { kind: 'prefix', prefix: this.inner(entry.prefix) },
          ),
        };
      },
    };
  }

  get capabilities(): StoreCapabilities {
    return this.store.capabilities;
  }

  async head(key: ObjectKey): Promise<ObjectInfo> {
    return this.strip(await this.store.head(this.outer(key)));
  }

  async open(key: ObjectKey): Promise<OpenObject> {
    const object = await this.store.open(this.outer(key));
    return { info: this.strip(object.info), read: (range) => object.read(range), close: () => object.close() };
  }

  async put(request: PutObject): Promise<ObjectInfo> {
    return this.strip(await this.store.put({ ...request, key: this.outer(request.key) }));
  }

  async delete(key: ObjectKey, conditions: WriteConditions): Promise<void> {
    await this.store.delete(this.outer(key), conditions);
  }

  async putTags(key: ObjectKey, tags: readonly Tag[]): Promise<void> {
    await this.store.putTags(this.outer(key), tags);
  }

  async list(query: ListQuery): Promise<ObjectListing> {
    const startAfter = query.startAfter && this.prefix + query.startAfter;
    const page = await this.store.list({ ...query, prefix: this.prefix + query.prefix, startAfter });
    return {
      ...page,
      entries: page.entries.map((entry) =>
        entry.kind === 'object'
          ? { kind: 'object', object: { ...entry.object, key: this.inner(entry.object.key) } }
          : { kind: 'prefix', prefix: this.inner(entry.prefix) },
      ),
    };
  }

  private outer(key: ObjectKey): ObjectKey {
    return (this.prefix + key) as ObjectKey;
  }

  private inner(name: string): ObjectKey {
    if (!name.startsWith(this.prefix)) throw new Error(`${name} is not below ${this.prefix}`);
    return name.slice(this.prefix.length) as ObjectKey;
  }

  private strip(info: ObjectInfo): ObjectInfo {
    return { ...info, key: this.inner(info.key) };
  }
}
