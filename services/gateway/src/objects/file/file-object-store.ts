import { S3Error } from '../../errors/s3-error.js';
import type { ObjectKey } from '../../http/object-key.js';
import type { MaybePromise } from '../../maybe-promise.js';
import type { FileDriver, OpenFile, TemporaryFile } from '../../storage/file-driver.js';
import { StorageError } from '../../storage/storage-error.js';
import { RESERVED_FOLDER, joinPath, parentOf, type StoragePath } from '../../storage/storage-path.js';
import { checkDeleteConditions, checkPutConditions, hasConditions } from '../write-conditions.js';
import type { WriteConditions } from '../conditions.js';
import { NOT_AHEAD, type ListQuery, type ObjectListing } from '../listing.js';
import type { ByteSink } from '../object-body.js';
import type { ObjectInfo, Tag } from '../object-info.js';
import type { ObjectStore, OpenObject, PutObject, StoreCapabilities } from '../object-store.js';
import { toS3Error } from '../to-s3-error.js';
import { CachedOpenObject } from './cached-open-object.js';
import { FileListing } from './file-listing.js';
import { FileMultipartStore } from './file-multipart-store.js';
import { FileOpenObject } from './file-open-object.js';
import { keyToPath } from './key-path.js';
import { ObjectCache, type CachedObject } from './object-cache.js';
import { describeObject, recordOf } from './object-description.js';
import { MAX_LOOKS, ObjectRecords } from './object-records.js';
import { ObjectPublisher } from './object-publisher.js';
import { readPage } from './page-reader.js';
import { canCompare, PageSnapshot } from './page-snapshot.js';
import { SidecarRecords } from './sidecar-records.js';
import { readWhole } from './small-files.js';

/** S3 over files: the object `a/b.txt` is the file `a/b.txt` of the bucket's folder. */
export class FileObjectStore implements ObjectStore {
  readonly multipart: FileMultipartStore;
  private readonly files: FileDriver;
  private readonly records: ObjectRecords;
  private readonly publisher: ObjectPublisher;

  /**
   * @param storage the whole storage
   * @param base the bucket's folder in it
   * @param cache shared by the stores of a storage
   * @param mustExist the folder is a bucket only while it is there
   */
  constructor(
    storage: FileDriver,
    private readonly base: StoragePath,
    private readonly cache = new ObjectCache(),
    mustExist = false,
  ) {
    this.files = storage.scope(base, mustExist);
    const reserved = storage.scope(RESERVED_FOLDER);
    this.records = new ObjectRecords(this.files, base, new SidecarRecords(reserved), cache);
    this.publisher = new ObjectPublisher(this.files, this.records);
    this.multipart = new FileMultipartStore(this.publisher, this.files, reserved, base);
  }

  get capabilities(): StoreCapabilities {
    const { atomicCreate, sharedLocks, pinnedReads } = this.files.capabilities;
    return { conditionalWrites: atomicCreate || sharedLocks, pinnedReads, tagging: true, multipart: true };
  }

  head(key: ObjectKey): MaybePromise<ObjectInfo> {
    const cached = this.findCached(keyToPath(key));
    return cached && !(cached instanceof Promise) ? cached.info : this.headLater(key, cached);
  }

  open(key: ObjectKey): MaybePromise<OpenObject> {
    const cached = this.findCached(keyToPath(key));
    return cached && !(cached instanceof Promise) ? new CachedOpenObject(cached) : this.openLater(key, cached);
  }

  async put(request: PutObject): Promise<ObjectInfo> {
    const { key, body, conditions } = request;
    let temporary: TemporaryFile | undefined;
    let beginning: Promise<void> | undefined;
    keyToPath(key);
    try {
      if (hasConditions(conditions)) checkPutConditions(conditions, await this.publisher.current(key));
      const sink: ByteSink = {
        // A body of one piece has been verified when it arrives here, and a refused one never touches the storage.
        write: (piece) =>
          temporary
            ? temporary.write(piece)
            : (beginning = this.begin(piece, body.length).then((begun) => void (temporary = begun))),
      };
      const digests = await body.transfer(sink);
      temporary ??= await this.files.createTemporary(digests.size);
      return await this.publisher.publish(key, temporary, conditions, {
        etag: digests.md5,
        ...request.attributes,
        ...(digests.checksum && { checksum: digests.checksum }),
      });
    } catch (error) {
      // A body that breaks off does not wait for the write that is under way.
      await beginning?.catch(() => undefined);
      await temporary?.discard();
      throw toS3Error(error);
    }
  }

  async delete(key: ObjectKey, conditions: WriteConditions): Promise<void> {
    const path = keyToPath(key);
    try {
      const removed = await this.files.lock(path, async () => {
        if (hasConditions(conditions)) checkDeleteConditions(conditions, await this.publisher.current(key));
        const facts = await this.files.facts(path);
        if (facts?.stat.kind !== 'file' || !(await this.files.removeFile(path))) return false;
        await this.records.forget(path, facts);
        return true;
      });
      // The key of a folder that another program made, and left empty, names no object: it goes all the same.
      if (removed || key.endsWith('/')) await this.publisher.prune(parentOf(path));
    } catch (error) {
      throw toS3Error(error);
    }
  }

  async list(query: ListQuery): Promise<ObjectListing> {
    try {
      if (query.limit === 0) return { entries: [], truncated: false };
      if (query.ahead && !canCompare(this.files)) return NOT_AHEAD;
      let { startAfter } = query;
      for (;;) {
        const listing = new FileListing(this.files, { ...query, startAfter }, query.limit + 1);
        const names = await listing.run();
        const page = names.slice(0, query.limit);
        const snapshot = new PageSnapshot(this.files, listing.folders);
        // Of the page that was empty nothing is known here.
        if (startAfter !== query.startAfter) snapshot.spoil();
        const { files, records } = this;
        const entries = await readPage({ files, records, snapshot, ahead: query.ahead === true }, page);
        const truncated = names.length > query.limit;
        if (entries.length > 0 || !truncated) return { entries, truncated, isCurrent: snapshot.check };
        // Every file of the page has vanished since its name was read; a page must not be empty while more follows.
        const last = page.at(-1);
        startAfter = last?.kind === 'prefix' ? last.prefix : (last?.key ?? '');
      }
    } catch (error) {
      throw toS3Error(error);
    }
  }

  async putTags(key: ObjectKey, tags: readonly Tag[]): Promise<void> {
    const path = keyToPath(key);
    try {
      await this.files.lock(path, async () => {
        const settled = await this.records.settle(path);
        if (settled === undefined) throw new S3Error('NoSuchKey', { details: { Key: key } });
        const { stat } = settled.facts;
        const record = settled.record ?? recordOf(describeObject(key, stat, undefined));
        const { size, mtimeMs, identity } = stat;
        await this.records.replace(path, { ...record, size, mtimeMs, identity, tags });
      });
    } catch (error) {
      throw toS3Error(error);
    }
  }

  private async headLater(key: ObjectKey, looking: Promise<CachedObject | undefined> | undefined): Promise<ObjectInfo> {
    const path = keyToPath(key);
    try {
      const cached = await looking;
      if (cached) return cached.info;
      const { info, file } = await this.openPinned(key, path);
      await file.close();
      return info;
    } catch (error) {
      throw toS3Error(error);
    }
  }

  private async openLater(key: ObjectKey, looking: Promise<CachedObject | undefined> | undefined): Promise<OpenObject> {
    const path = keyToPath(key);
    try {
      const cached = await looking;
      if (cached) return new CachedOpenObject(cached);
      const { info, file } = await this.openPinned(key, path);
      if (!this.cache.accepts(file.stat) || !this.records.isOnFile(file)) return new FileOpenObject(info, file);
      return new CachedOpenObject(await this.keep(path, info, file));
    } catch (error) {
      throw toS3Error(error);
    }
  }

  private findCached(path: StoragePath): MaybePromise<CachedObject | undefined> {
    const place = joinPath(this.base, path);
    const known = this.cache.get(place);
    if (known === undefined) return undefined;
    try {
      const stat = this.files.identify(path);
      if (!(stat instanceof Promise)) return this.cache.check(place, known, stat);
      return stat.then((now) => this.cache.check(place, known, now));
    } catch (error) {
      throw toS3Error(error);
    }
  }

  private async keep(path: StoragePath, info: ObjectInfo, file: OpenFile): Promise<CachedObject> {
    try {
      const object = { stat: file.stat, info, content: await readWhole(file) };
      // Cut short while it was read: the file is being changed under the open descriptor.
      if (object.content.length === file.stat.size) this.cache.set(joinPath(this.base, path), object);
      return object;
    } finally {
      await file.close();
    }
  }

  /** Opens a file and finds the record of that very version of it. */
  private async openPinned(key: ObjectKey, path: StoragePath): Promise<{ info: ObjectInfo; file: OpenFile }> {
    for (let look = 1; ; look++) {
      const file = await this.openFile(path, key);
      let found;
      try {
        found = await this.records.find(path, file);
        // The name was given to another file between the open and the look at its record.
        const settled = this.records.isSettled(found) || look >= MAX_LOOKS;
        if (!settled && !(await this.records.isCurrent(path, file.stat))) {
          await file.close();
          continue;
        }
      } catch (error) {
        await file.close();
        throw error;
      }
      const record = found?.fit === 'other' ? undefined : found?.record;
      return { info: describeObject(key, file.stat, record), file };
    }
  }

  private async begin(piece: Buffer, length: number | undefined): Promise<TemporaryFile> {
    const temporary = await this.files.createTemporary(length);
    try {
      await temporary.write(piece);
      return temporary;
    } catch (error) {
      await temporary.discard();
      throw error;
    }
  }

  private async openFile(path: StoragePath, key: ObjectKey): Promise<OpenFile> {
    try {
      return await this.files.open(path);
    } catch (error) {
      // A folder is not an object, nor is what lies below a file.
      const absent = error instanceof StorageError && ['not-found', 'is-folder', 'not-folder'].includes(error.code);
      throw absent ? new S3Error('NoSuchKey', { details: { Key: key }, cause: error }) : error;
    }
  }
}
