import type { FileDriver } from '../../storage/file-driver.js';
import type { StoragePath } from '../../storage/storage-path.js';
import type { ListQuery } from '../listing.js';
import { FileListing } from './file-listing.js';

/**
 * Looks at the files of the page that a client is about to ask for, while it reads the one that it has: most of a page's time goes
 * into looking at files that nobody has looked at lately.
 */
export class ReadAhead {
  private busy = false;

  constructor(private readonly files: FileDriver) {}

  /** @param page the one to come. What goes wrong is left for the request itself to find. */
  start(page: ListQuery): void {
    if (this.busy || this.files.warm === undefined) return;
    this.busy = true;
    void this.run(page)
      .catch(() => undefined)
      .finally(() => (this.busy = false));
  }

  private async run(page: ListQuery): Promise<void> {
    // The answer that this follows goes out first.
    await new Promise((resolve) => setImmediate(resolve));
    const folders = new Map<string, string[]>();
    for (const found of await new FileListing(this.files, page, page.limit).run()) {
      if (found.kind === 'prefix') continue;
      const names = folders.get(found.folder);
      if (names) names.push(found.name);
      else folders.set(found.folder, [found.name]);
    }
    for (const [folder, names] of folders) await this.files.warm?.(folder.slice(0, -1) as StoragePath, names);
  }
}
