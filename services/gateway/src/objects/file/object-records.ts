import type { FileDriver, FileFacts, FileStat, TemporaryFile } from '../../storage/file-driver.js';
import { StorageError } from '../../storage/storage-error.js';
import { joinPath, type StoragePath } from '../../storage/storage-path.js';
import { decodeRecord, decodeRecordHead } from './decode-record.js';
import { encodeRecord, encodeSpilledRecord } from './encode-record.js';
import type { ObjectCache } from './object-cache.js';
import { fitOf, isSameVersion, type ListedRecord, type ObjectRecord, type RecordFit } from './object-record.js';
import { opaqueETag } from './opaque-etag.js';
import type { SidecarRecords } from './sidecar-records.js';

/** Looks at a file that changes all the time before it is taken as it was last seen. */
export const MAX_LOOKS = 50;

/** How long a listing shows a file as one without a record, in milliseconds, where that may be for a moment only. */
const PASSING_MS = 10_000;

/** A record and how it fits the file it was found with. */
export interface FoundRecord {
  readonly record: ObjectRecord;
  readonly fit: RecordFit;
}

/** A file with its record, both of one version. */
export interface SettledFile {
  readonly facts: FileFacts;
  /** Undefined where it has none, or one that says nothing of it since somebody else has changed the file. */
  readonly record: ObjectRecord | undefined;
}

/**
 * The records of one bucket's objects: on the file itself where the storage can, else (or where a record is too large for that)
 * in a sidecar file.
 */
export class ObjectRecords {
  /**
   * @param files the bucket's folder
   * @param base its path in the storage
   */
  constructor(
    private readonly files: FileDriver,
    private readonly base: StoragePath,
    private readonly sidecars: SidecarRecords,
    private readonly cache: ObjectCache,
  ) {}

  /** The record of a file, or undefined where it has none. */
  async find(path: StoragePath, facts: FileFacts): Promise<FoundRecord | undefined> {
    const head = facts.record && decodeRecordHead(facts.record);
    const record =
      facts.record === undefined || head?.spilled || !this.files.capabilities.records
        ? await this.findSidecar(path, facts.stat, head?.spilled ?? false)
        : decodeRecord(facts.record);
    return record && { record, fit: this.fitOf(record, facts.stat) };
  }

  /**
   * Whether what was found, or not, says all of the file that was looked at. A sidecar is written before the file it is for, and has the
   * record before that too: without one, nobody has put the file through S3, nor is about to.
   */
  isSettled(found: FoundRecord | undefined): boolean {
    return found ? found.fit === 'same' : !this.files.capabilities.records;
  }

  /** Whether a file's facts change with its record. One that lies beside it may be replaced while they stay as they are. */
  isOnFile({ record }: FileFacts): boolean {
    return this.files.capabilities.records && !(record && decodeRecordHead(record)?.spilled);
  }

  /**
   * Looks at a file until its facts and its record are of one version: between the look at one and at the other the name may have
   * been given to another file. Undefined where there is no file.
   */
  async settle(path: StoragePath): Promise<SettledFile | undefined> {
    for (let look = 1; ; look++) {
      const facts = await this.files.facts(path);
      if (facts?.stat.kind !== 'file') return undefined;
      const found = await this.find(path, facts);
      if (this.isSettled(found)) return { facts, record: found?.record };
      if (look < MAX_LOOKS && !(await this.isCurrent(path, facts.stat))) continue;
      return { facts, record: found?.fit === 'alike' ? found.record : undefined };
    }
  }

  /** Whether a name still stands for the file that was found there: then a record that does not fit it is not that of a later version. */
  async isCurrent(path: StoragePath, stat: FileStat): Promise<boolean> {
    return isSameVersion(stat, await this.files.stat(path));
  }

  /**
   * What a listing shows of a file on which a record was found; undefined where that takes another look ({@link settle}).
   * On storages whose files carry their records, most files need nothing else.
   */
  findListed({ stat, record }: FileFacts): ListedRecord | undefined {
    if (record === undefined) return { etag: opaqueETag(stat) };
    const head = decodeRecordHead(record);
    return head && fitOf(head, stat) === 'same' ? head : undefined;
  }

  /** The same where records are files of their own. What such a record says of a version does not change, so it is kept. */
  async findListedSidecar(path: StoragePath, facts: FileFacts): Promise<ListedRecord | undefined> {
    const place = this.inStorage(path);
    const known = this.cache.listed.get(place);
    if (known && fitOf(known.version, facts.stat) === 'same') return known.record;
    const found = await this.find(path, facts);
    if (!this.isSettled(found)) return undefined;
    const { size, mtimeMs, identity } = facts.stat;
    const record = found ? toListed(found.record) : { etag: opaqueETag(facts.stat) };
    // While another machine replaces the sidecar in two steps there is none, and its record must not stay unknown.
    const passing = found === undefined && !this.files.capabilities.atomicReplace;
    const options = passing ? { ttl: PASSING_MS } : {};
    this.cache.listed.set(place, { version: { size, mtimeMs, identity }, record }, options);
    return record;
  }

  /**
   * Prepares a record for a file that is about to appear.
   *
   * @returns what must still be done under the path's lock, before the commit; it gives the record as it is then
   */
  async attach(
    temporary: TemporaryFile,
    path: StoragePath,
    record: ObjectRecord,
  ): Promise<() => Promise<ObjectRecord>> {
    const addSidecar = async (): Promise<ObjectRecord> => {
      const current = await this.files.stat(path);
      const distinct = await makeDistinct(temporary, record, current);
      await this.sidecars.add(this.inStorage(path), distinct, current);
      return distinct;
    };
    if (!this.files.capabilities.records) return addSidecar;
    try {
      await temporary.setRecord(encodeRecord(record));
      return () => Promise.resolve(record);
    } catch (error) {
      if (!isTooLarge(error)) throw error;
    }
    try {
      await temporary.setRecord(encodeSpilledRecord(record));
    } catch (error) {
      // There is no room even for a line: the storage is full.
      throw isTooLarge(error)
        ? new StorageError('no-space', 'The storage has no room for a record.', { cause: error })
        : error;
    }
    return addSidecar;
  }

  /** Replaces the record of a file that stays as it is. Under the path's lock. */
  async replace(path: StoragePath, record: ObjectRecord): Promise<void> {
    if (this.files.capabilities.records) {
      try {
        await this.files.setRecord(path, encodeRecord(record));
        return;
      } catch (error) {
        if (!isTooLarge(error)) throw error;
      }
    }
    await this.sidecars.add(this.inStorage(path), record, record);
    if (this.files.capabilities.records) await this.files.setRecord(path, encodeSpilledRecord(record));
  }

  /** Forgets what lies beside a file that is gone. @param facts the file's, before it went */
  async forget(path: StoragePath, facts: FileFacts): Promise<void> {
    if (!this.isOnFile(facts)) await this.sidecars.remove(this.inStorage(path));
  }

  private fitOf(record: ObjectRecord, stat: FileStat): RecordFit {
    const fit = fitOf(record, stat);
    // Two versions of one size within a second look alike but for what the storage knows them by.
    const told = fit === 'alike' && record.identity !== '' && stat.identity !== '';
    return told && !this.files.capabilities.exactTimes ? 'other' : fit;
  }

  private async findSidecar(path: StoragePath, stat: FileStat, spilled: boolean): Promise<ObjectRecord | undefined> {
    if (this.files.capabilities.records && !spilled) return undefined;
    return this.sidecars.find(this.inStorage(path), stat);
  }

  private inStorage(path: StoragePath): StoragePath {
    return joinPath(this.base, path);
  }
}

/** A record is found by the facts of its file: a file that cannot be told from the one it replaces must get others first. */
async function makeDistinct(
  temporary: TemporaryFile,
  record: ObjectRecord,
  current: FileStat | undefined,
): Promise<ObjectRecord> {
  if (temporary.renew === undefined || current === undefined) return record;
  const distinct = record.identity === '' ? record.mtimeMs !== current.mtimeMs : fitOf(record, current) !== 'same';
  if (distinct) return record;
  const { size, mtimeMs, identity } = await temporary.renew();
  return { ...record, size, mtimeMs, identity };
}

function toListed({ etag, checksum }: ObjectRecord): ListedRecord {
  return { etag, ...(checksum && { checksumAlgorithm: checksum.algorithm, checksumType: checksum.type }) };
}

function isTooLarge(error: unknown): boolean {
  return error instanceof StorageError && error.code === 'record-too-large';
}
