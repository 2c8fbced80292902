import fs from 'node:fs';
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { machineFolder } from './machine-folder.js';
import { MachineLocks } from './machine-locks.js';
import { MachineMarks } from './machine-marks.js';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

function folder(): string {
  const made = machineFolder(randomUUID());
  closing.push(() => fs.rmSync(made, { recursive: true, force: true }));
  return made;
}

function locksOn(place: string): MachineLocks {
  const locks = new MachineLocks(place);
  closing.unshift(() => locks.close());
  return locks;
}

describe('MachineLocks', () => {
  it('let one in at a time, in line within a process, and against others on the machine', async () => {
    const place = folder();
    const all = [locksOn(place), locksOn(place)];
    let inside = 0;
    const seen: number[] = [];
    await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        all[i % 2]?.run('name', async () => {
          seen.push(++inside);
          expect(all.map((locks) => locks.isHeld('name'))).toEqual([true, true]);
          await new Promise(setImmediate);
          inside--;
        }),
      ),
    );
    expect(seen).toEqual(Array.from({ length: 20 }, () => 1));
    expect(all[0]?.isHeld('name')).toBe(false);
  });

  it('go on after a failure, and hold up no other name', async () => {
    const locks = locksOn(folder());
    await expect(locks.run('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await locks.run('a', () => locks.run('b', () => 'both'))).toBe('both');
  });

  it('lie in a private folder only', () => {
    const identity = randomUUID();
    const made = machineFolder(identity);
    closing.push(() => fs.rmSync(made, { recursive: true, force: true }));
    expect(machineFolder(identity)).toBe(made);
    expect(fs.statSync(made).mode & 0o777).toBe(0o700);
    fs.chmodSync(path.join(made, 'locks'), 0o777);
    expect(() => machineFolder(identity)).toThrow('not a private folder');
  });
});

describe('MachineMarks', () => {
  it('differ after each write, also for other processes, and for no other name', () => {
    const file = path.join(folder(), 'marks');
    const [one, two] = [new MachineMarks(file), new MachineMarks(file)];
    closing.unshift(
      () => one.close(),
      () => two.close(),
    );
    const seen = new Set([two.read('a')]);
    const other = two.read('b');
    for (let i = 0; i < 10; i++) {
      one.touch('a');
      seen.add(two.read('a'));
    }
    expect(seen.size).toBe(11);
    expect(one.read('a')).toBe(two.read('a'));
    expect(two.read('b')).toBe(other);
  });
});
