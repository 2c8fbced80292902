import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DIRECT_CALLS, type FileCalls } from './file-calls.js';
import { LockOwner } from './lock-owner.js';
import { LinkLocks } from './link-locks.js';

describe('LinkLocks', () => {
  let folder: string;
  let owner: LockOwner;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bucketway-locks-'));
    for (const name of ['owners', 'locks']) mkdirSync(join(folder, name));
    owner = new LockOwner(join(folder, 'owners'));
  });
  afterEach(() => {
    owner.close();
    rmSync(folder, { recursive: true });
  });

  /** Locks on a filesystem whose link(2) fails some times with ENOENT. */
  function locksFailing(times: number): LinkLocks {
    let left = times;
    const calls: FileCalls = {
      ...DIRECT_CALLS,
      link: (from, to) => {
        if (left-- > 0) throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' });
        return DIRECT_CALLS.link(from, to);
      },
    };
    return new LinkLocks(calls, join(folder, 'locks'), owner, true);
  }

  it("waits where a filesystem says that the owner's file is not there, although it is", async () => {
    let held = false;
    await locksFailing(3).run('a', () => void (held = true));
    expect(held).toBe(true);
  });

  it("says so where the owner's file is gone", async () => {
    rmSync(owner.path);
    expect(existsSync(owner.path)).toBe(false);
    await expect(locksFailing(1).run('a', () => undefined)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
