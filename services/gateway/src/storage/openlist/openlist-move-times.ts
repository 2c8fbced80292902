import type { OpenlistApi } from './openlist-api.js';
import type { OpenlistEntry } from './openlist-entry.js';
import type { OpenlistRefresher } from './openlist-refresher.js';
import type { OpenlistServerFacts } from './openlist-server-facts.js';

/** A time that has not changed tells something only where a new one would have been another: times are whole seconds. */
const TELLING_AGE_MS = 3_000;

/**
 * Tells the facts of files that were moved. Some drives copy to move, and the copy has a time of its own; OpenList goes on
 * telling the old one until it lists the folder again, half an hour later, when whatever was recorded for the file would no
 * longer fit. A drive is looked at after each move until it is known to keep times.
 */
export class OpenlistMoveTimes {
  /** Mount paths of storages that keep them. */
  private readonly keeping = new Set<string>();

  constructor(
    private readonly api: OpenlistApi,
    private readonly facts: OpenlistServerFacts,
    private readonly refresher: OpenlistRefresher,
  ) {}

  /** Runs a move. @returns the file's facts afterwards, where it has changed them */
  async watch(from: string, to: string, move: () => Promise<void>): Promise<OpenlistEntry | undefined> {
    const mounts = await this.facts.mounts();
    const mount = mounts.of(to)?.mount_path;
    if (mount === undefined || !mounts.isCached(to) || this.keeping.has(mount)) {
      await move();
      return undefined;
    }
    const before = await this.api.look(from);
    await move();
    const after = await this.refresher.lookAtDrive(to);
    if (before === undefined || after?.kind !== 'file') return undefined;
    if (after.mtimeMs !== before.mtimeMs || after.identity !== before.identity) return after;
    if (Date.now() - before.mtimeMs > TELLING_AGE_MS) this.keeping.add(mount);
    return undefined;
  }
}
