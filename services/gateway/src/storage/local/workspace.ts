import fs from 'node:fs';
import { StorageError } from '../storage-error.js';
import { RESERVED_FOLDER } from '../storage-path.js';
import { errnoOf } from './errno.js';
import { DIRECT_CALLS, type FileCalls } from './file-calls.js';
import { hasHardLinks } from './filesystem-probe.js';
import { LinkLocks } from './link-locks.js';
import { LockOwner } from './lock-owner.js';
import type { PathLocks } from './path-locks.js';
import { RangeLocks } from './range-locks.js';
import { sweepTemporaries, type SweptArea } from './temporary-sweeper.js';
import { UnnamedFiles } from './unnamed-files.js';

/** Of the gateway's own area, itself first. */
const OWN_FOLDERS = ['', '/tmp', '/passing', '/locks', '/owners'];

const SWEEP_EVERY_MS = 10 * 60_000;

/** What a process needs of the gateway's own area under a root to write there: its presence, its temporary files, and the locks that all share. */
export class Workspace {
  private temporaries = 0;
  private sweeper: NodeJS.Timeout | undefined;

  private constructor(
    private readonly swept: SweptArea,
    /** This process's own: writers in one folder wait for each other, and those of other processes burn their CPU while they do. */
    readonly temporaryFolder: string,
    readonly hardLinks: boolean,
    /** Where temporary files need no names, and nobody waits for another machine. */
    readonly unnamed: UnnamedFiles | undefined,
  ) {}

  get locks(): PathLocks {
    return this.swept.locks;
  }

  /**
   * Makes one, and the area where there is none.
   *
   * @param root real path
   * @throws what keeps files from being made; nothing of it is there then
   */
  static in(root: string, calls: FileCalls): Workspace {
    const area = `${root}/${RESERVED_FOLDER}`;
    for (const folder of OWN_FOLDERS) makeOwnFolder(`${area}${folder}`);
    const owner = new LockOwner(`${area}/owners`);
    const temporaryFolder = `${area}/tmp/${owner.id}`;
    const direct = calls === DIRECT_CALLS;
    try {
      makeOwnFolder(temporaryFolder);
      const hardLinks = hasHardLinks(temporaryFolder);
      const unnamed = direct ? UnnamedFiles.in(temporaryFolder, `${area}/passing/${owner.id}`, owner.id) : undefined;
      const ranges = direct ? RangeLocks.of(`${area}/ranges`) : undefined;
      const locks = ranges ?? new LinkLocks(calls, `${area}/locks`, owner, hardLinks);
      return new Workspace({ root, area, self: owner, locks }, temporaryFolder, hardLinks, unnamed);
    } catch (error) {
      removeIfEmpty(temporaryFolder);
      owner.close();
      throw error;
    }
  }

  /** Takes away what processes that are gone have left, now and from time to time. */
  keepClean(): void {
    const sweep = (): void => void sweepTemporaries(this.swept);
    this.sweeper = setInterval(sweep, SWEEP_EVERY_MS);
    this.sweeper.unref();
    sweep();
  }

  /** Absolute path, of no other process and no other call, for a new temporary file. */
  newTemporaryPath(): string {
    return `${this.temporaryFolder}/${++this.temporaries}`;
  }

  /**
   * Makes the area and the folder of temporary files again, where somebody has taken them away. Once closed, it also has others leave for a
   * while what is done here; what then remains of it is swept by them, as that of a process that is gone.
   */
  restore(): void {
    for (const folder of OWN_FOLDERS) makeOwnFolder(`${this.swept.area}${folder}`);
    makeOwnFolder(this.temporaryFolder);
    this.swept.self.show();
  }

  /** Ends what goes on by itself, and the presence; what is still done here needs {@link restore}. */
  close(): void {
    clearInterval(this.sweeper);
    this.unnamed?.close();
    removeIfEmpty(this.temporaryFolder);
    this.locks.close();
    this.swept.self.close();
  }
}

function removeIfEmpty(folder: string): void {
  try {
    fs.rmdirSync(folder);
  } catch {
    // What is still being written there is swept when this process has gone.
  }
}

/** Makes a folder of the gateway's own area. A link in its place would send the gateway's files elsewhere. */
function makeOwnFolder(path: string): void {
  try {
    fs.mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    if (!fs.lstatSync(path).isDirectory()) throw new StorageError('not-folder', `${path} is not a folder.`);
  }
}
