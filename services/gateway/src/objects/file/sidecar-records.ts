import { hash } from 'node:crypto';
import type { MaybePromise } from '../../maybe-promise.js';
import type { FileDriver, FileStat } from '../../storage/file-driver.js';
import { StorageError } from '../../storage/storage-error.js';
import { joinPath, type StoragePath } from '../../storage/storage-path.js';
import { decodeRecord } from './decode-record.js';
import { encodeRecord } from './encode-record.js';
import { fitOf, type FileVersion, type ObjectRecord, type RecordFit } from './object-record.js';
import { readSmallJson } from './small-json.js';
import { writeSmallFile } from './small-files.js';
import { removeSmallFile, replaceSmallFile } from './spare-file.js';

const FOLDER = 'meta' as StoragePath;

interface Sidecar {
  /** The object's path, for people and for repair. */
  readonly path: string;
  /** Newest first. Two, because the record is written before the file it describes appears: until then readers need the old one. */
  readonly records: readonly string[];
}

/** Records in files of their own, for storages (or records) whose files cannot carry them. Written under the path's lock. */
export class SidecarRecords {
  /** @param reserved the storage's reserved folder */
  constructor(private readonly reserved: FileDriver) {}

  /** The record that fits the file best, which may be not at all; undefined where there is none. */
  async find(path: StoragePath, stat: FileStat): Promise<ObjectRecord | undefined> {
    return bestOf(await this.read(path), stat);
  }

  /** @param current facts of the file as it is: its record stays, whatever attempts to replace it have failed since */
  async add(path: StoragePath, record: ObjectRecord, current: FileVersion | undefined): Promise<void> {
    const before = current && bestOf(await this.read(path), current);
    const kept = before !== undefined && current !== undefined && fitOf(before, current) !== 'other';
    const records = (kept ? [record, before] : [record]).map((one) => encodeRecord(one).toString('base64'));
    const sidecar: Sidecar = { path, records };
    const write = kept ? replaceSmallFile : writeSmallFile;
    await write(this.reserved, placeOf(path), Buffer.from(JSON.stringify(sidecar)));
  }

  remove(path: StoragePath): MaybePromise<boolean> {
    return removeSmallFile(this.reserved, placeOf(path));
  }

  private async read(path: StoragePath): Promise<ObjectRecord[]> {
    try {
      const sidecar = await readSmallJson<Sidecar>(this.reserved, placeOf(path));
      if (sidecar === undefined) return [];
      return sidecar.records.map((one) => decodeRecord(Buffer.from(one, 'base64'))).filter((one) => one !== undefined);
    } catch (error) {
      // A damaged sidecar must not make the file unreadable: the object is then one without a record.
      if (error instanceof StorageError) throw error;
      return [];
    }
  }
}

function bestOf(records: readonly ObjectRecord[], stat: FileVersion): ObjectRecord | undefined {
  const having = (fit: RecordFit): ObjectRecord | undefined => records.find((record) => fitOf(record, stat) === fit);
  return having('same') ?? having('alike') ?? records[0];
}

function placeOf(path: StoragePath): StoragePath {
  const name = hash('sha256', path);
  return joinPath(FOLDER, name.slice(0, 2), name);
}
