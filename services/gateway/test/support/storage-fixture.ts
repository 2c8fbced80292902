import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { LocalStorageOptions } from '../../src/config/snapshot.js';
import { FileObjectStore } from '../../src/objects/file/file-object-store.js';
import { QUEUED_CALLS, type FileCalls } from '../../src/storage/local/file-calls.js';
import { LocalDriver } from '../../src/storage/local/local-driver.js';
import { LocalStorage } from '../../src/storage/local/local-storage.js';
import { parseStoragePath } from '../../src/storage/storage-path.js';

/** A local storage in a folder of its own. */
export interface StorageFixture {
  readonly root: string;
  readonly storage: LocalStorage;
  readonly driver: LocalDriver;
  /** A store over a folder of it. */
  store(base?: string): FileObjectStore;
  /** Another gateway on the same folder. */
  replica(): StorageFixture;
  close(): void;
}

export interface FixtureOptions extends Partial<Omit<LocalStorageOptions, 'root'>> {
  readonly calls?: FileCalls;
}

export function makeStorage(options: FixtureOptions = {}): StorageFixture {
  const root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'storage-')));
  const fixture = openStorage(root, options);
  return {
    ...fixture,
    close: () => {
      fixture.close();
      fs.rmSync(root, { recursive: true, force: true });
    },
  };
}

export function openStorage(root: string, options: FixtureOptions = {}): StorageFixture {
  const { calls, durability = 'none', metadata = 'auto' } = options;
  const storage = new LocalStorage({ root, durability, metadata }, calls);
  const driver = LocalDriver.of(storage);
  return {
    root,
    storage,
    driver,
    store: (base = '') => new FileObjectStore(driver, parseStoragePath(base)),
    replica: () => openStorage(root, options),
    close: () => storage.close(),
  };
}

/** The local driver in all its variants. */
export const VARIANTS: readonly (readonly [name: string, options: FixtureOptions])[] = [
  ['extended attributes', { metadata: 'xattr' }],
  ['sidecar files', { metadata: 'sidecar' }],
  ['queued calls', { calls: QUEUED_CALLS }],
];

/** Names in the storage's own area that a finished piece of work must not leave behind; the notes of processes that live are none. */
export function leftovers(root: string): string[] {
  const area = path.join(root, '.bucketway');
  const owners = new Set(fs.readdirSync(path.join(area, 'owners')));
  return ['tmp', 'passing', 'locks'].flatMap((folder) =>
    fs
      .readdirSync(path.join(area, folder), { withFileTypes: true, recursive: true })
      .filter((entry) => !entry.isDirectory())
      .filter(({ name, parentPath }) => path.basename(parentPath) !== 'passing' || !owners.has(name))
      .map((entry) => path.relative(area, path.join(entry.parentPath, entry.name))),
  );
}
