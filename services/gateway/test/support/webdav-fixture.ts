import { randomUUID } from 'node:crypto';
import { FileObjectStore } from '../../src/objects/file/file-object-store.js';
import { RemoteDriver } from '../../src/storage/remote/remote-driver.js';
import { RemoteStorage } from '../../src/storage/remote/remote-storage.js';
import { parseStoragePath, type StoragePath } from '../../src/storage/storage-path.js';
import { WebdavFiles } from '../../src/storage/webdav/webdav-files.js';
import type { WebdavOptions } from '../../src/storage/webdav/webdav-options.js';
import { WEBDAV_USER } from './webdav-server.js';

/** A storage on a running WebDAV server. */
export interface WebdavFixture {
  readonly files: WebdavFiles;
  readonly storage: RemoteStorage;
  readonly driver: RemoteDriver;
  /** A store over a folder of it. */
  store(base?: string): FileObjectStore;
  close(): void;
}

export const WEBDAV_DEFAULTS: Omit<WebdavOptions, 'url'> = {
  auth: { kind: 'basic', ...WEBDAV_USER },
  traits: { atomicReplace: false, atomicCreate: false },
  listingCacheSeconds: 60,
  allowedRedirectHosts: [],
  connectTimeoutMs: 5_000,
  idleTimeoutMs: 10_000,
  maxConcurrentRequests: 32,
  retries: 3,
};

/** @param machine processes with the same one take each other for neighbours */
export function openWebdav(
  options: Partial<WebdavOptions> & Pick<WebdavOptions, 'url'>,
  machine: string = randomUUID(),
): WebdavFixture {
  const all: WebdavOptions = { ...WEBDAV_DEFAULTS, ...options };
  const files = new WebdavFiles(all);
  const storage = new RemoteStorage(files, {
    identity: `${machine} ${all.url}`,
    listingCacheSeconds: all.listingCacheSeconds,
  });
  const driver = new RemoteDriver(storage, '' as StoragePath);
  return {
    files,
    storage,
    driver,
    store: (base = '') => new FileObjectStore(driver, parseStoragePath(base)),
    close: () => storage.close(),
  };
}
