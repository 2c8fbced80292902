import type { EntryList } from '../remote/entry-list.js';
import { LateSharing } from '../remote/late-sharing.js';
import type { RemoteEntry } from '../remote/remote-entry.js';
import { StorageError } from '../storage-error.js';
import { RESERVED_FOLDER, ROOT, type StoragePath } from '../storage-path.js';

/** What a {@link CollectionCheck} looks at. */
export interface CheckedFiles {
  stat(path: StoragePath): Promise<RemoteEntry | undefined>;
  list(folder: StoragePath): Promise<EntryList>;
}

/**
 * Finds out whether what a server does not have is absent, or all of the storage is: behind a server whose disk is not mounted, or that
 * serves another folder now, there is nothing either, and that must not look like an empty bucket.
 */
export class CollectionCheck {
  private readonly looks = new LateSharing<void>();
  /** The gateway's own folder has been there. */
  private hadOwnFolder = false;

  constructor(
    private readonly files: CheckedFiles,
    private readonly host: string,
  ) {}

  /** Resolves where the collection is there. @throws StorageError `unavailable` */
  confirm(): Promise<void> {
    return this.looks.get('', () => this.look());
  }

  private async look(): Promise<void> {
    if ((await this.files.stat(RESERVED_FOLDER)) !== undefined) {
      this.hadOwnFolder = true;
      return;
    }
    const self = await this.files.stat(ROOT);
    if (self === undefined) throw this.lost('has no collection at this URL: check url');
    if (self.kind === 'file') throw this.lost('has a file at this URL: check url');
    // What an unmounted disk leaves: its mount point, with nothing in it.
    if (this.hadOwnFolder && (await this.files.list(ROOT)).isEmpty) {
      throw this.lost(
        `has nothing any more in this collection: is its disk mounted? If it was emptied on purpose, make a folder ${RESERVED_FOLDER} in it`,
      );
    }
  }

  private lost(what: string): StorageError {
    return new StorageError('unavailable', `The WebDAV server ${this.host} ${what}.`);
  }
}
