import { createHash, hash, randomUUID } from 'node:crypto';
import { S3Error } from '../../src/errors/s3-error.js';
import type { ObjectKey } from '../../src/http/object-key.js';
import type { ByteRange } from '../../src/objects/byte-range.js';
import type { WriteConditions } from '../../src/objects/conditions.js';
import type { ListQuery, ObjectListing } from '../../src/objects/listing.js';
import type {
  CompleteUpload,
  MultipartStore,
  NewUpload,
  PartInfo,
  PartsPage,
  UploadInfo,
  UploadsPage,
  UploadsQuery,
} from '../../src/objects/multipart-store.js';
import type { BodyDigests, ObjectBody } from '../../src/objects/object-body.js';
import type { ObjectInfo, Tag } from '../../src/objects/object-info.js';
import type { ObjectStore, OpenObject, PutObject, StoreCapabilities } from '../../src/objects/object-store.js';

interface Entry {
  info: ObjectInfo;
  readonly bytes: Buffer;
}

async function collect(body: ObjectBody): Promise<{ bytes: Buffer; digests: BodyDigests }> {
  const pieces: Buffer[] = [];
  const digests = await body.transfer({ write: (piece) => void pieces.push(Buffer.from(piece)) });
  return { bytes: Buffer.concat(pieces), digests };
}

/** An object store for the specs of operations: right in what they show, with no claim beyond that. */
export class MemoryObjectStore implements ObjectStore {
  readonly capabilities: StoreCapabilities = { conditionalWrites: true, tagging: true, multipart: true };
  readonly objects = new Map<string, Entry>();
  readonly multipart = new MemoryMultipartStore(this);
  /** Open objects that nobody has closed. */
  opened = 0;

  head(key: ObjectKey): ObjectInfo {
    return this.find(key).info;
  }

  open(key: ObjectKey): OpenObject {
    const { info, bytes } = this.find(key);
    this.opened++;
    const close = (): void => void this.opened--;
    return {
      info,
      close,
      read: ({ start, end }: ByteRange) => {
        let at = start;
        const read = (buffer: Buffer): number => {
          const copied = bytes.copy(buffer, 0, at, end);
          at += copied;
          return copied;
        };
        return { read, close };
      },
    };
  }

  async put({ key, body, attributes, conditions }: PutObject): Promise<ObjectInfo> {
    this.check(key, conditions);
    const { bytes, digests } = await collect(body);
    this.check(key, conditions);
    return this.set(bytes, {
      key,
      size: bytes.length,
      lastModified: new Date(),
      etag: digests.md5,
      attributes,
      ...(digests.checksum !== undefined && { checksum: digests.checksum }),
    });
  }

  delete(key: ObjectKey, conditions: WriteConditions): void {
    if (this.objects.has(key)) this.check(key, conditions);
    this.objects.delete(key);
  }

  list(query: ListQuery): ObjectListing {
    const found = [...this.objects.values()].filter(({ info }) => info.key.startsWith(query.prefix));
    return { entries: found.map(({ info }) => ({ kind: 'object', object: info })), truncated: false };
  }

  putTags(key: ObjectKey, tags: readonly Tag[]): void {
    const entry = this.find(key);
    entry.info = { ...entry.info, attributes: { ...entry.info.attributes, tags } };
  }

  set(bytes: Buffer, info: ObjectInfo): ObjectInfo {
    this.objects.set(info.key, { info, bytes });
    return info;
  }

  check(key: ObjectKey, { ifMatch, ifNoneMatch, ifMatchSize, ifMatchLastModified }: WriteConditions): void {
    const info = this.objects.get(key)?.info;
    if (ifMatch !== undefined && info === undefined) throw new S3Error('NoSuchKey');
    if (info === undefined) return;
    const holds =
      (ifMatch === undefined || ifMatch === '*' || ifMatch.includes(info.etag)) &&
      (ifNoneMatch === undefined || !(ifNoneMatch === '*' || ifNoneMatch.includes(info.etag))) &&
      (ifMatchSize === undefined || ifMatchSize === info.size) &&
      (ifMatchLastModified === undefined || ifMatchLastModified.toUTCString() === info.lastModified.toUTCString());
    if (!holds) throw new S3Error('PreconditionFailed');
  }

  private find(key: ObjectKey): Entry {
    const entry = this.objects.get(key);
    if (entry === undefined) throw new S3Error('NoSuchKey', { details: { Key: key } });
    return entry;
  }
}

interface Upload {
  readonly info: UploadInfo;
  readonly parts: Map<number, { info: PartInfo; bytes: Buffer }>;
}

class MemoryMultipartStore implements MultipartStore {
  readonly uploads = new Map<string, Upload>();

  constructor(private readonly store: MemoryObjectStore) {}

  async create(upload: NewUpload): Promise<UploadInfo> {
    const info = { ...upload, uploadId: randomUUID(), initiated: new Date() };
    this.uploads.set(info.uploadId, { info, parts: new Map() });
    return info;
  }

  get(key: ObjectKey, uploadId: string): UploadInfo {
    return this.find(key, uploadId).info;
  }

  async putPart(key: ObjectKey, uploadId: string, number: number, body: ObjectBody): Promise<PartInfo> {
    const { parts } = this.find(key, uploadId);
    const { bytes, digests } = await collect(body);
    const info: PartInfo = {
      number,
      size: bytes.length,
      etag: digests.md5,
      lastModified: new Date(),
      ...(digests.checksum !== undefined && { checksum: digests.checksum }),
    };
    parts.set(number, { info, bytes });
    return info;
  }

  async complete({ key, uploadId, parts, conditions }: CompleteUpload): Promise<ObjectInfo> {
    const upload = this.find(key, uploadId);
    this.store.check(key, conditions);
    const chosen = parts.map((part) => {
      const stored = upload.parts.get(part.number);
      if (stored === undefined || stored.info.etag !== part.etag) throw new S3Error('InvalidPart');
      return stored;
    });
    const bytes = Buffer.concat(chosen.map((part) => part.bytes));
    const md5s = createHash('md5');
    for (const part of chosen) md5s.update(Buffer.from(part.info.etag, 'hex'));
    this.uploads.delete(uploadId);
    return this.store.set(bytes, {
      key,
      size: bytes.length,
      lastModified: new Date(),
      etag: `${md5s.digest('hex')}-${chosen.length}`,
      attributes: upload.info.attributes,
      parts: chosen.map(({ info }) => ({
        number: info.number,
        size: info.size,
        ...(info.checksum !== undefined && { checksum: info.checksum.value }),
      })),
    });
  }

  async abort(key: ObjectKey, uploadId: string): Promise<void> {
    this.find(key, uploadId);
    this.uploads.delete(uploadId);
  }

  async listParts(key: ObjectKey, uploadId: string, marker: number, limit: number): Promise<PartsPage> {
    const upload = this.find(key, uploadId);
    const behind = [...upload.parts.values()].map(({ info }) => info).filter(({ number }) => number > marker);
    behind.sort((a, b) => a.number - b.number);
    return { upload: upload.info, parts: behind.slice(0, limit), truncated: behind.length > limit };
  }

  async listUploads({ prefix, delimiter, keyMarker, limit }: UploadsQuery): Promise<UploadsPage> {
    const entries = new Map<string, UploadsPage['entries'][number]>();
    const all = [...this.uploads.values()].map(({ info }) => info);
    all.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
    for (const upload of all) {
      if (!upload.key.startsWith(prefix) || upload.key <= keyMarker) continue;
      const at = delimiter === '' ? -1 : upload.key.indexOf(delimiter, prefix.length);
      const common = upload.key.slice(0, at + delimiter.length);
      if (at < 0) entries.set(`upload ${upload.uploadId}`, { kind: 'upload', upload });
      else entries.set(`prefix ${common}`, { kind: 'prefix', prefix: common });
    }
    const list = [...entries.values()];
    return { entries: list.slice(0, limit), truncated: list.length > limit };
  }

  private find(key: ObjectKey, uploadId: string): Upload {
    const upload = this.uploads.get(uploadId);
    if (upload === undefined || upload.info.key !== key) throw new S3Error('NoSuchUpload');
    return upload;
  }
}

/** A body of given bytes, as if it had been decoded already. */
export function bodyOf(text: string): ObjectBody {
  const bytes = Buffer.from(text);
  return {
    length: bytes.length,
    transfer: async (sink) => {
      await sink.write(bytes);
      return { size: bytes.length, md5: hash('md5', bytes) };
    },
  };
}
