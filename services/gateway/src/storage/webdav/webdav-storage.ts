import { RemoteDriver } from '../remote/remote-driver.js';
import { RemoteStorage } from '../remote/remote-storage.js';
import { WebdavFiles } from './webdav-files.js';
import type { WebdavOptions } from './webdav-options.js';

/** A collection of a WebDAV server as a storage of the tree. */
export interface WebdavStorage {
  readonly driver: RemoteDriver;
  readonly redirects: 'never';
  /** @throws StorageError `unavailable`, with a message that says what to change */
  probe(): Promise<void>;
  close(): void;
}

/** Makes the storage without asking the server anything. */
export function openWebdav(options: WebdavOptions): WebdavStorage {
  const files = new WebdavFiles(options);
  const identity = `webdav ${options.url}`;
  const storage = new RemoteStorage(files, { identity, listingCacheSeconds: options.listingCacheSeconds });
  return {
    driver: new RemoteDriver(storage),
    redirects: 'never',
    probe: () => files.ping(),
    close: () => storage.close(),
  };
}
