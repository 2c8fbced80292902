import type { FileDriver } from '../storage/file-driver.js';
import type { StoragePath } from '../storage/storage-path.js';
import type { BucketState } from './bucket-state.js';
import { readSmallJson } from './file/small-json.js';
import { readSpare, removeSmallFile, replaceSmallFile } from './file/spare-file.js';

interface Known {
  readonly identity: string;
  readonly mtimeMs: number;
  readonly state: BucketState;
  /** When the file was first seen so, on this process's clock. */
  readonly since: number;
  /** Whether it was read so late that no other version can have the same time. */
  readonly final: boolean;
}

/** The coarsest clock that files have, in milliseconds: FAT's. */
const TICK_MS = 2_000;

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
      const spare = await readSpare(this.files, this.path);
      return spare ? (JSON.parse(spare.toString('utf8')) as BucketState) : NO_STATE;
    }
    const { identity, mtimeMs } = stat;
    const known = this.known?.identity === identity && this.known.mtimeMs === mtimeMs ? this.known : undefined;
    if (known?.final) return known.state;
    const now = performance.now();
    const since = known?.since ?? now;
    const state = (await readSmallJson<BucketState>(this.files, this.path)) ?? NO_STATE;
    // Two versions of one second look alike where times are whole seconds and files are known by nothing else.
    const final = this.files.capabilities.exactTimes || now - since > TICK_MS;
    this.known = { identity, mtimeMs, state, since, final };
    return state;
  }

  /** Changes the state under its lock. */
  change(change: (before: BucketState) => BucketState | Promise<BucketState>): Promise<void> {
    return Promise.resolve(
      this.files.lock(this.path, async () => {
        const after = await change(await this.read());
        await replaceSmallFile(this.files, this.path, Buffer.from(JSON.stringify(after)));
      }),
    );
  }

  /** Forgets the bucket once an action has removed it, under its lock: nobody can create it anew in between. */
  remove(action: () => Promise<void>): Promise<void> {
    return Promise.resolve(
      this.files.lock(this.path, async () => {
        await action();
        await removeSmallFile(this.files, this.path);
      }),
    );
  }
}
