import { describe, expect, it } from 'vitest';
import { StorageError } from '../storage-error.js';
import type { StoragePath } from '../storage-path.js';
import type { RemoteEntry } from './remote-entry.js';
import type { RemoteFiles } from './remote-files.js';
import { RemoteOpenFile } from './remote-open-file.js';
import { toFileStat } from './to-file-stat.js';

const MIB = 1024 * 1024;
const PATH = 'file' as StoragePath;

/** A server with one large file, whose bytes say which version they are of. */
class OneFile {
  version = 1;
  readonly requests: (readonly [start: number, end: number])[] = [];

  constructor(
    private readonly size: number,
    private readonly atomicReplace: boolean,
  ) {}

  open(): RemoteOpenFile {
    const files = {
      traits: { atomicReplace: this.atomicReplace, atomicCreate: true },
      stat: () => Promise.resolve(this.entry),
      read: (_: StoragePath, entry: RemoteEntry, start: number, end: number) => {
        if (entry.identity !== this.entry.identity) throw new StorageError('changed', 'replaced');
        this.requests.push([start, end]);
        return Promise.resolve({
          read: (buffer: Buffer) => Promise.resolve(buffer.fill(this.version).length),
          close: () => undefined,
        });
      },
    } as unknown as RemoteFiles;
    return new RemoteOpenFile(files, PATH, this.entry, toFileStat(this.entry), () => true);
  }

  private get entry(): RemoteEntry {
    return { name: PATH, kind: 'file', size: this.size, mtimeMs: 1000, identity: String(this.version) };
  }
}

async function readAll(
  file: RemoteOpenFile,
  start: number,
  each: (position: number) => void = () => {},
): Promise<number> {
  const buffer = Buffer.alloc(MIB);
  let position = start;
  for (let count = -1; count !== 0; position += count) {
    each(position);
    count = await file.read(buffer, position);
  }
  return position;
}

describe('RemoteOpenFile', () => {
  it.each([
    ['one request where a name never stands for nothing', true, 0, [[0, 200 * MIB + 5]]],
    [
      'requests of 64 MiB where replacing takes two steps',
      false,
      0,
      [
        [0, 64 * MIB],
        [64 * MIB, 128 * MIB],
        [128 * MIB, 192 * MIB],
        [192 * MIB, 200 * MIB + 5],
      ],
    ],
    ['one for what is left behind an offset', false, 150 * MIB + 1, [[150 * MIB + 1, 200 * MIB + 5]]],
  ])('reads out of %s', async (_, atomicReplace, start, requests) => {
    const server = new OneFile(200 * MIB + 5, atomicReplace);
    const file = server.open();
    await file.prepare(start, 200 * MIB + 5);
    expect(await readAll(file, start)).toBe(200 * MIB + 5);
    expect(server.requests).toEqual(requests);
  });

  it('fails where the file was replaced between two of them', async () => {
    const server = new OneFile(100 * MIB, false);
    const reading = readAll(server.open(), 0, (position) => {
      if (position === 50 * MIB) server.version = 2;
    });
    await expect(reading).rejects.toMatchObject({ code: 'changed' });
    expect(server.requests).toEqual([[0, 64 * MIB]]);
  });
});
