import type { FileDriver, FileFacts, FileStat, TemporaryFile } from '../../storage/file-driver.js';
import { StorageError } from '../../storage/storage-error.js';
import { joinPath, type StoragePath } from '../../storage/storage-path.js';
import {
  decodeRecord,
  decodeRecordHead,
  encodeRecord,
  encodeSpilledRecord,
  fitOf,
  type ObjectRecord,
  type RecordFit,
} from './object-record.js';
import type { SidecarRecords } from './sidecar-records.js';

/** A record and how it fits the file it was found with. */
export interface FoundRecord {
  readonly record: ObjectRecord;
  readonly fit: RecordFit;
}

/** What a listing shows of a record. */
export interface ListedRecord {
  readonly etag: string;
  readonly checksumAlgorithm?: NonNullable<ObjectRecord['checksum']>['algorithm'];
  readonly checksumType?: NonNullable<ObjectRecord['checksum']>['type'];
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
  ) {}

  /** The record of a file, or undefined where it has none. */
  async find(path: StoragePath, facts: FileFacts): Promise<FoundRecord | undefined> {
    const head = facts.record && decodeRecordHead(facts.record);
    const record =
      facts.record === undefined || head?.spilled || !this.files.capabilities.records
        ? await this.findSidecar(path, facts.stat, head?.spilled ?? false)
        : decodeRecord(facts.record, head);
    return record && { record, fit: fitOf(record, facts.stat) };
  }

  /** What a listing shows; undefined for a file without a record, or with one that does not fit. */
  async findListed(path: StoragePath, facts: FileFacts): Promise<ListedRecord | undefined> {
    if (this.files.capabilities.records) {
      const head = facts.record && decodeRecordHead(facts.record);
      return head && fitOf(head, facts.stat) !== 'other' ? head : undefined;
    }
    const found = await this.find(path, facts);
    if (found === undefined || found.fit === 'other') return undefined;
    const { etag, checksum } = found.record;
    return { etag, ...(checksum && { checksumAlgorithm: checksum.algorithm, checksumType: checksum.type }) };
  }

  /**
   * Prepares a record for a file that is about to appear.
   *
   * @returns what must still be done under the path's lock, before the commit
   */
  async attach(temporary: TemporaryFile, path: StoragePath, record: ObjectRecord): Promise<() => Promise<void>> {
    const addSidecar = (): Promise<void> => this.sidecars.add(this.inStorage(path), record);
    if (!this.files.capabilities.records) return addSidecar;
    try {
      await temporary.setRecord(encodeRecord(record));
      return async () => undefined;
    } catch (error) {
      if (!isTooLarge(error)) throw error;
    }
    await temporary.setRecord(encodeSpilledRecord(record));
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
    await this.sidecars.add(this.inStorage(path), record);
    if (this.files.capabilities.records) await this.files.setRecord(path, encodeSpilledRecord(record));
  }

  /** Forgets what lies beside a file that is gone. @param facts the file's, before it went */
  async forget(path: StoragePath, facts: FileFacts): Promise<void> {
    const spilled = facts.record && decodeRecordHead(facts.record)?.spilled;
    if (spilled || !this.files.capabilities.records) await this.sidecars.remove(this.inStorage(path));
  }

  private async findSidecar(path: StoragePath, stat: FileStat, spilled: boolean): Promise<ObjectRecord | undefined> {
    if (this.files.capabilities.records && !spilled) return undefined;
    return this.sidecars.find(this.inStorage(path), stat);
  }

  private inStorage(path: StoragePath): StoragePath {
    return joinPath(this.base, path);
  }
}

function isTooLarge(error: unknown): boolean {
  return error instanceof StorageError && error.code === 'record-too-large';
}
