import { StorageError } from '../storage-error.js';
import type { OpenlistApi } from './openlist-api.js';
import { OpenlistError } from './openlist-error.js';
import { LOOP_ANSWER, type LoopProbe } from './openlist-loop.js';
import { isIn, type OpenlistMounts } from './openlist-mounts.js';
import type { OpenlistServerFacts } from './openlist-server-facts.js';

/** Looks whether a folder of OpenList can be served, and says what to change where it cannot. */
export class OpenlistProbe {
  private loops: ReadonlySet<string> | undefined;
  private deciding: Promise<void> | undefined;

  constructor(
    private readonly api: OpenlistApi,
    private readonly facts: OpenlistServerFacts,
    private readonly loopProbe: LoopProbe,
    private readonly root: string,
  ) {}

  /** @throws StorageError `unavailable`, with a message that says what to change */
  async run(): Promise<void> {
    const mounts = await this.facts.refresh();
    this.checkStorage(mounts);
    // Before the folder is listed: on a loop, that would go round.
    await this.findLoops(mounts);
    this.checkLoop(this.root);
    await this.checkFolder(mounts);
  }

  /**
   * Lets nothing through that would go round.
   *
   * @throws StorageError `unavailable` for all of a storage that leads back to itself, `denied` for a part that does
   */
  async admit(path: string): Promise<void> {
    if (this.loops === undefined) {
      this.deciding ??= this.decide();
      await this.deciding;
    }
    this.checkLoop(path);
  }

  /** Whether a name in the served folder leads back to it. */
  isLoop(path: string): boolean {
    return this.loops?.has(path) ?? false;
  }

  private async decide(): Promise<void> {
    try {
      await this.findLoops(await this.facts.mounts());
    } finally {
      this.deciding = undefined;
    }
  }

  private checkLoop(path: string): void {
    const { loops } = this;
    if (loops === undefined || loops.size === 0) return;
    if (loops.has(this.root)) {
      throw unusable(
        `OpenList's folder ${this.root} leads back to this gateway: its storage is a bucket that lies on this storage. Unmount it in OpenList, or map the bucket elsewhere.`,
      );
    }
    for (const mount of loops) {
      if (isIn(path, mount)) {
        throw new StorageError('denied', `OpenList's storage ${mount} leads back to this gateway, and is not served.`);
      }
    }
  }

  private checkStorage(mounts: OpenlistMounts): void {
    const storage = mounts.of(this.root);
    if (storage === undefined) return;
    if (storage.disabled) throw unusable(`OpenList's storage ${storage.mount_path} is disabled: enable it.`);
    if (storage.status !== 'work') {
      throw unusable(`OpenList's storage ${storage.mount_path} is not ready, repair it there: ${storage.status}`);
    }
  }

  private async checkFolder(mounts: OpenlistMounts): Promise<void> {
    try {
      await this.api.list(this.root, false, 1);
    } catch (error) {
      if (!(error instanceof OpenlistError)) throw error;
      if (error.code === 'not-found') {
        throw unusable(
          `OpenList has no folder ${this.root}: make it, or change the path of the storage. Its storages are at ${mounts.paths.join(', ') || 'no path'}.`,
          error,
        );
      }
      if (error.code === 'not-folder') throw unusable(`${this.root} is a file in OpenList, not a folder.`, error);
      if (error.code === 'denied') {
        throw unusable(`OpenList does not let the token's account list ${this.root}: ${error.text}`, error);
      }
      throw error;
    }
    if ((await this.api.look(this.root)) === undefined) {
      throw unusable(
        `OpenList's WebDAV interface does not answer for ${this.root}; a proxy in front of it must pass PROPFIND on /dav.`,
      );
    }
  }

  private async findLoops(mounts: OpenlistMounts): Promise<void> {
    const found = new Set<string>();
    for (const mount of mounts.leadingElsewhere(this.root)) {
      const at = isIn(mount, this.root) ? mount : this.root;
      if (!found.has(at) && (await this.leadsBack(at))) found.add(at);
    }
    this.loops = found;
  }

  private async leadsBack(folder: string): Promise<boolean> {
    const path = folder === '/' ? `/${this.loopProbe.newName()}` : `${folder}/${this.loopProbe.newName()}`;
    const absence = await this.api.explainAbsence(path);
    if (absence?.text.includes(LOOP_ANSWER)) return true;
    // A loop that was found is one until its end is certain: while it is refused, nobody answers the question.
    return absence?.code !== 'not-found' && this.isLoop(folder);
  }
}

function unusable(message: string, cause?: unknown): StorageError {
  return new StorageError('unavailable', message, { cause });
}
