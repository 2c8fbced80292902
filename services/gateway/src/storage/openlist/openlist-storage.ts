import { RemoteDriver } from '../remote/remote-driver.js';
import { RemoteStorage } from '../remote/remote-storage.js';
import type { StoragePath } from '../storage-path.js';
import { OpenlistFiles } from './openlist-files.js';
import type { OpenlistOptions } from './openlist-options.js';

/** A folder of an OpenList server as a storage of the tree. */
export interface OpenlistStorage {
  readonly driver: RemoteDriver;
  readonly redirects: 'on' | 'off';
  /** @throws StorageError `unavailable`, with a message that says what to change */
  probe(): Promise<void>;
  /** The drive's own URL of a file, where clients may be sent there and it has one. */
  downloadUrl(path: StoragePath): Promise<string | undefined>;
  close(): void;
}

/** Makes the storage without asking OpenList anything. */
export function openOpenlist(options: OpenlistOptions): OpenlistStorage {
  const files = new OpenlistFiles(options);
  const storage = new RemoteStorage(files, {
    identity: `openlist ${options.url} ${options.path}`,
    listingCacheSeconds: options.listingCacheSeconds,
  });
  return {
    driver: new RemoteDriver(storage),
    redirects: options.redirectReads ? 'on' : 'off',
    probe: () => files.probe(),
    downloadUrl: (path) => files.downloadUrl(path),
    close: () => storage.close(),
  };
}
