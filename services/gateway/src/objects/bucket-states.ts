import type { FileDriver } from '../storage/file-driver.js';
import { RESERVED_FOLDER, joinPath, type StoragePath } from '../storage/storage-path.js';
import type { BucketState } from './bucket-state.js';
import { readSmallFile, writeSmallFile } from './file/small-files.js';

interface Known {
  readonly identity: string;
  readonly mtimeMs: number;
  readonly state: BucketState;
}

const NO_STATE: BucketState = {};

/** Bucket states of one storage, in `.bucketway/buckets/`. What was read is kept until the file changes. */
export class BucketStates {
  private readonly files: FileDriver;
  private readonly known = new Map<string, Known>();

  constructor(storage: FileDriver) {
    this.files = storage.scope(RESERVED_FOLDER);
  }

  async read(bucket: string): Promise<BucketState> {
    const path = placeOf(bucket);
    const stat = await this.files.stat(path);
    if (stat === undefined) {
      this.known.delete(bucket);
      return NO_STATE;
    }
    const known = this.known.get(bucket);
    if (known?.identity === stat.identity && known.mtimeMs === stat.mtimeMs) return known.state;
    const stored = await readSmallFile(this.files, path);
    const state = stored ? (JSON.parse(stored.toString('utf8')) as BucketState) : NO_STATE;
    this.known.set(bucket, { identity: stat.identity, mtimeMs: stat.mtimeMs, state });
    return state;
  }

  /** Changes a state under its lock. */
  change(bucket: string, change: (before: BucketState) => BucketState | Promise<BucketState>): Promise<void> {
    const path = placeOf(bucket);
    return Promise.resolve(
      this.files.lock(path, async () => {
        const after = await change(await this.read(bucket));
        await writeSmallFile(this.files, path, Buffer.from(JSON.stringify(after)));
      }),
    );
  }

  /** Forgets a bucket once an action has removed it, under its lock: nobody can create it anew in between. */
  remove(bucket: string, action: () => Promise<void>): Promise<void> {
    const path = placeOf(bucket);
    return Promise.resolve(
      this.files.lock(path, async () => {
        await action();
        await this.files.removeFile(path);
      }),
    );
  }
}

function placeOf(bucket: string): StoragePath {
  return joinPath('buckets' as StoragePath, `${bucket}.json`);
}
