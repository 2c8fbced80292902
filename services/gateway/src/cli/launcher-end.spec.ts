import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { leadsGroup } from './launcher-end.js';

describe.runIf(process.platform === 'linux')('leadsGroup', () => {
  it.each([
    ['a child that was set apart', true],
    ['what a shell runs', false],
  ])('of %s: %s', async (_, detached) => {
    const child = spawn(process.execPath, ['-e', 'process.title = "a ) b"; console.log(); process.stdin.resume()'], {
      detached,
    });
    try {
      await once(child.stdout, 'data');
      expect(leadsGroup(child.pid as number)).toBe(detached);
    } finally {
      child.kill('SIGKILL');
    }
  });
});
