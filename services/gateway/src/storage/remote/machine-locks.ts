import fs from 'node:fs';
import { hash } from 'node:crypto';
import type { MaybePromise } from '../../maybe-promise.js';
import { DIRECT_CALLS } from '../local/file-calls.js';
import { LockOwner } from '../local/lock-owner.js';
import { LinkLocks } from '../local/link-locks.js';
import { StorageError } from '../storage-error.js';

/** Longest wait in this process's own line, in milliseconds. Work under a lock is a few requests. */
const PATIENCE_MS = 30_000;

/**
 * Locks that hold against all processes of this machine. Within a process, who waits does so in line; between processes a
 * lock is a file, as on a local storage.
 */
export class MachineLocks {
  private readonly owner: LockOwner;
  private readonly locks: LinkLocks;
  private readonly lines = new Map<string, Promise<void>>();

  /** @param folder of this storage on this machine */
  constructor(private readonly folder: string) {
    this.owner = new LockOwner(`${folder}/owners`);
    this.locks = new LinkLocks(DIRECT_CALLS, `${folder}/locks`, this.owner, true);
    for (const id of fs.readdirSync(`${folder}/owners`)) {
      const file = `${folder}/owners/${id}`;
      if (id !== this.owner.id && this.owner.isDead(file)) fs.rmSync(file, { force: true });
    }
    void this.locks.sweep().catch(() => undefined);
  }

  /** @throws StorageError `busy` after a bounded wait */
  async run<T>(name: string, action: () => MaybePromise<T>): Promise<T> {
    const before = this.lines.get(name);
    let leave: () => void = () => undefined;
    const turn = new Promise<void>((resolve) => (leave = resolve));
    const line = before ? before.then(() => turn) : turn;
    this.lines.set(name, line);
    try {
      if (before) await inTime(before);
      return await this.locks.run(name, action);
    } finally {
      leave();
      if (this.lines.get(name) === line) this.lines.delete(name);
    }
  }

  /** Whether any process of this machine holds a lock now. */
  isHeld(name: string): boolean {
    return fs.existsSync(`${this.folder}/locks/${hash('sha1', name)}`);
  }

  close(): void {
    this.owner.close();
  }
}

async function inTime(turn: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new StorageError('busy', 'Another writer holds this key.')), PATIENCE_MS);
  });
  try {
    await Promise.race([turn, late]);
  } finally {
    clearTimeout(timer);
  }
}
