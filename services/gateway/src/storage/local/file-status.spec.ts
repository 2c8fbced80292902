import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readFileStatus } from './file-status.js';

const NUMBERS = ['dev', 'ino', 'mode', 'size', 'mtimeMs', 'ctimeMs'] as const;
const QUESTIONS = ['isFile', 'isDirectory', 'isSymbolicLink'] as const;

let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'status-'));
});

afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

function expectAsNode(name: string): void {
  const status = readFileStatus(name);
  const node = fs.lstatSync(name);
  for (const number of NUMBERS) expect([number, status?.[number]]).toEqual([number, node[number]]);
  for (const question of QUESTIONS) expect([question, status?.[question]()]).toEqual([question, node[question]()]);
}

describe('the status of a name', () => {
  it('is what Node says of files, folders, links, and what is none of them', () => {
    const at = (name: string): string => path.join(folder, name);
    fs.writeFileSync(at('file'), 'twelve bytes');
    fs.mkdirSync(at('folder'));
    fs.symlinkSync('file', at('link'));
    fs.symlinkSync('nowhere', at('dangling link'));
    fs.writeFileSync(at('Zoë 😀'), '');
    for (const name of ['file', 'folder', 'link', 'dangling link', 'Zoë 😀', '.', '..']) expectAsNode(at(name));
    for (const name of ['/', '/dev/null', '/proc/self', '/tmp']) expectAsNode(name);
  });

  it.each([
    ['1970', 0],
    ['before 1970', -12_345.678],
    ['with nanoseconds', 1_700_000_000.123_456_7],
    ['after 2038', 5_000_000_000.5],
    ['after 2106', 10_000_000_000.25],
  ])('has the time to the nanosecond: %s', (_, seconds) => {
    const file = path.join(folder, 'file');
    fs.writeFileSync(file, '');
    fs.utimesSync(file, seconds, seconds);
    expectAsNode(file);
  });

  it('knows sizes beyond 4 GiB', () => {
    const file = path.join(folder, 'sparse');
    fs.writeFileSync(file, '');
    fs.truncateSync(file, 9 * 1024 ** 3 + 7);
    expectAsNode(file);
  });

  it('knows every filesystem by the number that Node gives', () => {
    const mounts = execFileSync('cat', ['/proc/self/mounts'], { encoding: 'utf8' }).split('\n');
    for (const mount of mounts.map((line) => line.split(' ')[1] ?? '').filter((name) => fs.existsSync(name))) {
      expect([mount, readFileStatus(mount)?.dev]).toEqual([mount, fs.lstatSync(mount).dev]);
    }
  });

  it('is none where there is no such name', () => {
    fs.writeFileSync(path.join(folder, 'file'), '');
    expect(readFileStatus(path.join(folder, 'absent'))).toBeUndefined();
    expect(readFileStatus(path.join(folder, 'file', 'below'))).toBeUndefined();
  });

  it('fails as Node does', () => {
    expect(() => readFileStatus(path.join(folder, 'x'.repeat(300)))).toThrow('ENAMETOOLONG');
  });
});
