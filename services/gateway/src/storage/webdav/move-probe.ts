import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { RemoteEntry } from '../remote/remote-entry.js';
import { StorageError } from '../storage-error.js';
import { joinPath, type StoragePath } from '../storage-path.js';

/** Longer than the second in which a server that stamps what it moves would give the same time. */
const TICK_MS = 2_100;

/** What a {@link MoveProbe} tries with. */
export interface ProbedFiles {
  create(path: StoragePath): Promise<void>;
  stat(path: StoragePath): Promise<RemoteEntry | undefined>;
  rename(from: StoragePath, to: StoragePath): Promise<void>;
  remove(path: StoragePath): Promise<unknown>;
}

/**
 * Finds out what a file keeps when it is moved. Records are found by the facts that a file has before; RFC 4918 promises none of them to
 * stay.
 */
export class MoveProbe {
  /** False from when the server has been seen to give another entity tag: then tags tell nothing. */
  keepsTags = true;
  /** True once that is known, which takes two seconds. */
  keepsTimes = false;
  private tried: Promise<void> | undefined;

  constructor(private readonly files: ProbedFiles) {}

  /** Before the first MOVE. @param folder for the files it is tried with */
  ready(folder: StoragePath): Promise<void> {
    this.tried ??= this.try(folder).catch((error: unknown) => {
      this.tried = undefined;
      throw error;
    });
    return this.tried;
  }

  private async try(folder: StoragePath): Promise<void> {
    const [first, second, third] = [1, 2, 3].map((n) => joinPath(folder, `probe-${randomUUID()}.${n}`)) as [
      StoragePath,
      StoragePath,
      StoragePath,
    ];
    await this.files.create(first);
    const before = await this.look(first);
    await this.files.rename(first, second);
    const after = await this.look(second);
    if (before.identity !== after.identity) this.keepsTags = false;
    void this.tryTimes(second, after, third).catch(() => undefined);
  }

  /** In the background. Where it fails, times count as not kept, which costs a request a write. */
  private async tryTimes(from: StoragePath, before: RemoteEntry, to: StoragePath): Promise<void> {
    await delay(TICK_MS, undefined, { ref: false });
    await this.files.rename(from, to);
    this.keepsTimes = (await this.look(to)).mtimeMs === before.mtimeMs;
    await this.files.remove(to);
  }

  private async look(path: StoragePath): Promise<RemoteEntry> {
    const entry = await this.files.stat(path);
    if (entry === undefined)
      throw new StorageError('unavailable', 'The WebDAV server does not have what was just written.');
    return entry;
  }
}
