import type { MaybePromise } from '../../maybe-promise.js';
import type { FileFacts, FileStat } from '../file-driver.js';
import type { StoragePath } from '../storage-path.js';
import { isAbsence, toStorageError } from './errno.js';
import type { FileCalls } from './file-calls.js';
import { toFileStat } from './file-facts.js';
import type { FileStatus } from './file-status.js';
import { FolderHandle } from './folder-handle.js';
import type { LocalScope } from './local-scope.js';
import type { LocalStorage } from './local-storage.js';
import { readRecord } from './record-attribute.js';

/** Files looked at in one go on a filesystem that answers slowly. */
const LOOKS_AT_ONCE = 32;

/** A file's record as it was read, undefined where it has none. */
interface FreshRecord {
  readonly stat: FileStatus;
  readonly record: Buffer | undefined;
}

/** What stands under the paths of a scope, without opening any of it: the looks of a HEAD, and those that listings are made of. */
export class LocalFacts {
  constructor(
    private readonly storage: LocalStorage,
    private readonly scope: LocalScope,
  ) {}

  of(path: StoragePath): Promise<FileFacts | undefined> {
    return this.look(path, true);
  }

  async stat(path: StoragePath): Promise<FileStat | undefined> {
    return (await this.look(path, false))?.stat;
  }

  identify(path: StoragePath): MaybePromise<FileStat | undefined> {
    try {
      const stat = this.storage.calls.lstat(this.scope.absolute(path));
      if (!(stat instanceof Promise)) return stat && toFileStat(stat, this.storage.local);
      return stat.then((known) => known && toFileStat(known, this.storage.local));
    } catch {
      return undefined;
    }
  }

  async inFolder(folder: StoragePath, names: readonly string[]): Promise<readonly (FileFacts | undefined)[]> {
    const absolute = this.scope.absolute(folder);
    const all: (FileFacts | undefined)[] = [];
    const fresh: FreshRecord[] = [];
    const lookedAt = Date.now();
    try {
      const handle = await FolderHandle.open(this.storage.calls, absolute);
      try {
        for (let start = 0; start < names.length; start += LOOKS_AT_ONCE) {
          const few = names.slice(start, start + LOOKS_AT_ONCE);
          const looks = few.map((name) => this.ofName(handle, name, `${absolute}/${name}`, fresh));
          all.push(...(looks.some(isPromise) ? await Promise.all(looks) : (looks as (FileFacts | undefined)[])));
        }
        // Their records by their paths, since naming a thousand files by the descriptor costs half as much again; so a look at the end, too.
        if (!(await handle.isAt(absolute))) return names.map(() => undefined);
        for (const { stat, record } of fresh) this.storage.recordCache?.set(stat, record, lookedAt);
        return all;
      } finally {
        await handle.close();
      }
    } catch (error) {
      if (isAbsence(error)) return names.map(() => undefined);
      throw toStorageError(error);
    }
  }

  /** Whether every one of these files in a folder is still the one that was looked at, by inode and time of change. */
  async areUnchanged(
    isUnchangedIn: NonNullable<FileCalls['isUnchangedIn']>,
    folder: StoragePath,
    names: readonly string[],
    stats: readonly FileStat[],
  ): Promise<boolean> {
    const absolute = this.scope.absolute(folder);
    try {
      const handle = await FolderHandle.open(this.storage.calls, absolute);
      try {
        const place = { folder: absolute, fd: handle.fd, name: '' };
        for (let index = 0; index < stats.length; index++) {
          const { identity, changeMs = NaN } = stats[index] as FileStat;
          place.name = names[index] as string;
          if (!isUnchangedIn(place, Number(identity), changeMs)) return false;
        }
        return await handle.isAt(absolute);
      } finally {
        await handle.close();
      }
    } catch (error) {
      if (isAbsence(error)) return false;
      throw toStorageError(error);
    }
  }

  /** @param fresh takes what was read of a record, to be kept once it is sure that the path has led to the folder */
  private ofName(
    handle: FolderHandle,
    name: string,
    path: string,
    fresh: FreshRecord[],
  ): MaybePromise<FileFacts | undefined> {
    const { calls, records, recordCache } = this.storage;
    if (!records) return this.behindRecord(path, undefined);
    if (recordCache === undefined) return this.behindRecord(path, readRecord(calls, path));
    const stat = handle.lstat(name);
    if (stat === undefined || stat instanceof Promise) return this.behindRecord(path, readRecord(calls, path));
    const known = stat.isFile() ? recordCache.get(stat) : undefined;
    if (known !== undefined) return { stat: toFileStat(stat, true), record: known.length > 0 ? known : undefined };
    const record = readRecord(calls, path);
    if (record instanceof Promise) return this.behindRecord(path, record);
    // What has changed meanwhile is looked at behind its record: of a file that is deleted in between, there is then nothing, and not a file
    // without a record.
    if (!stat.isFile() || !handle.isUnchanged(name, stat)) return this.behindRecord(path, readRecord(calls, path));
    fresh.push({ stat, record });
    return { stat: toFileStat(stat, true), record };
  }

  /** Facts whose record is read first. */
  private async behindRecord(path: string, reading: MaybePromise<Buffer | undefined>): Promise<FileFacts | undefined> {
    try {
      const record = await reading;
      const stat = await this.storage.calls.lstat(path);
      if (stat?.isSymbolicLink()) return await this.ofLink(path);
      return stat?.isFile() ? { stat: toFileStat(stat, this.storage.local), record } : undefined;
    } catch (error) {
      if (isAbsence(error)) return undefined;
      throw toStorageError(error);
    }
  }

  private async look(path: StoragePath, withRecord: boolean): Promise<FileFacts | undefined> {
    const absolute = this.scope.absolute(path);
    try {
      const stat = await this.storage.calls.lstat(absolute);
      if (stat === undefined) return await this.absent();
      if (stat.isSymbolicLink()) return await this.ofLink(absolute);
      const isFile = stat.isFile();
      if (!(isFile || stat.isDirectory()) || !(await this.scope.contains(absolute))) return undefined;
      const record = isFile && withRecord ? await this.recordAt(absolute) : undefined;
      return { stat: toFileStat(stat, this.storage.local), record };
    } catch (error) {
      if (isAbsence(error)) return await this.absent();
      throw toStorageError(error);
    }
  }

  private async absent(): Promise<undefined> {
    await this.storage.requireRoot();
    return undefined;
  }

  private async ofLink(absolute: string): Promise<FileFacts | undefined> {
    const { calls } = this.storage;
    const actual = await calls.realpath(absolute);
    await this.scope.checkLink(absolute, actual);
    const stat = await calls.lstat(actual);
    // The link may lead elsewhere while what it led to stays as it is.
    return stat?.isFile() ? { stat: toFileStat(stat, false), record: await this.recordAt(actual) } : undefined;
  }

  private recordAt(absolute: string): MaybePromise<Buffer | undefined> {
    return this.storage.records ? readRecord(this.storage.calls, absolute) : undefined;
  }
}

function isPromise(value: unknown): boolean {
  return value instanceof Promise;
}
