import type { FileDriver } from '../storage/file-driver.js';
import type { StoragePath } from '../storage/storage-path.js';
import type { BucketState } from './bucket-state.js';
import { writeSmallFile } from './file/small-files.js';
import { readSmallJson } from './file/small-json.js';

interface Known {
  readonly identity: string;
  readonly mtimeMs: number;
  readonly state: BucketState;
}

const NO_STATE: BucketState = {};

/** The state of one bucket, in a file of its storage. What was read is kept until the file changes. */
export class BucketStateFile {
  private known: Known | undefined;

  constructor(
    private readonly files: FileDriver,
    private readonly path: StoragePath,
  ) {}

  async read(): Promise<BucketState> {
    const stat = await this.files.stat(this.path);
    if (stat === undefined) {
      this.known = undefined;
      return NO_STATE;
    }
    const { known } = this;
    if (known?.identity === stat.identity && known.mtimeMs === stat.mtimeMs) return known.state;
    const state = (await readSmallJson<BucketState>(this.files, this.path)) ?? NO_STATE;
    this.known = { identity: stat.identity, mtimeMs: stat.mtimeMs, state };
    return state;
  }

  /** Changes the state under its lock. */
  change(change: (before: BucketState) => BucketState | Promise<BucketState>): Promise<void> {
    return Promise.resolve(
      this.files.lock(this.path, async () => {
        const after = await change(await this.read());
        await writeSmallFile(this.files, this.path, Buffer.from(JSON.stringify(after)));
      }),
    );
  }

  /** Forgets the bucket once an action has removed it, under its lock: nobody can create it anew in between. */
  remove(action: () => Promise<void>): Promise<void> {
    return Promise.resolve(
      this.files.lock(this.path, async () => {
        await action();
        await this.files.removeFile(this.path);
      }),
    );
  }
}
