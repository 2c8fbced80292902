import fs from 'node:fs';
import os from 'node:os';
import { randomUUID } from 'node:crypto';

/** How long a process may miss its heartbeat before others take it for dead. */
export const OWNER_TIMEOUT_MS = 30_000;
const HEARTBEAT_MS = 5_000;

interface OwnerFacts {
  readonly host: string;
  readonly pid: number;
  /** Start of the process in clock ticks since boot, because a pid alone comes back; empty where there is no procfs. */
  readonly started: string;
}

/**
 * This process's presence in a storage: a file that it rewrites as a heartbeat. Locks are hard links to it, so one
 * heartbeat serves all, and its name marks the temporary files of this process, so that others can tell which ones
 * nobody will finish.
 */
export class LockOwner {
  readonly id = randomUUID();
  readonly path: string;
  private readonly facts: string;
  private readonly timer: NodeJS.Timeout;
  /** The storage's clock minus this machine's, in milliseconds: replicas need not agree on the time, they share the storage's. */
  private clockOffset = 0;

  constructor(folder: string) {
    this.path = `${folder}/${this.id}`;
    const facts: OwnerFacts = { host: os.hostname(), pid: process.pid, started: startOf(process.pid) ?? '' };
    this.facts = JSON.stringify(facts);
    try {
      fs.writeFileSync(this.path, this.facts, { flag: 'wx', mode: 0o600 });
    } catch (error) {
      // On a full disk there may be room for the name alone, again with each attempt.
      fs.rmSync(this.path, { force: true });
      throw error;
    }
    this.clockOffset = fs.statSync(this.path).mtimeMs - Date.now();
    this.timer = setInterval(() => void this.beat(), HEARTBEAT_MS);
    this.timer.unref();
  }

  /** Ends the presence; locks still held become stale with the next missed heartbeats. */
  close(): void {
    clearInterval(this.timer);
    fs.rmSync(this.path, { force: true });
  }

  /** Shows the presence as one heartbeat does, for what still runs after {@link close}; none follows. */
  show(): void {
    fs.writeFileSync(this.path, this.facts, { mode: 0o600 });
  }

  /**
   * Whether the owner behind an owner file is dead: silent for too long, or a process of this machine that no longer runs.
   * False where the file is gone.
   *
   * @param path an owner file, or a lock, which is a link to one
   */
  isDead(path: string): boolean {
    try {
      const silence = Date.now() + this.clockOffset - fs.statSync(path).mtimeMs;
      if (silence > OWNER_TIMEOUT_MS) return true;
      const facts = JSON.parse(fs.readFileSync(path, 'utf8')) as Partial<OwnerFacts>;
      // A hostname is a pod's own, and with it the pid namespace.
      if (facts.host !== os.hostname() || typeof facts.pid !== 'number' || !facts.started) return false;
      return startOf(facts.pid) !== facts.started;
    } catch {
      return false;
    }
  }

  private async beat(): Promise<void> {
    try {
      // In place: a new inode would leave the locks, which are links to this one, without a heartbeat.
      await fs.promises.writeFile(this.path, this.facts, { flag: 'r+' });
      this.clockOffset = (await fs.promises.stat(this.path)).mtimeMs - Date.now();
    } catch {
      // The storage is away; the next beat tries again, and what needs it now reports it.
    }
  }
}

/** Start time of a process by procfs, or undefined where it does not run or there is no procfs. */
function startOf(pid: number): string | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in parentheses may hold anything; field 22 is the 20th behind it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A process that was killed stays in the table until its parent asks for it, which the first one of a container may never do.
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
