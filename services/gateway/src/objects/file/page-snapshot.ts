import type { FileDriver, FileFacts, FileStat, FolderNames } from '../../storage/file-driver.js';
import { isSettled } from '../../storage/is-settled.js';
import type { StoragePath } from '../../storage/storage-path.js';

/** Folders whose names are compared again; a page that walks through more of them is as quickly made anew. */
const MAX_FOLDERS = 32;

interface Look {
  readonly folder: StoragePath;
  readonly names: readonly string[];
  readonly stats: readonly FileStat[];
}

/**
 * Whether it takes less to tell whether a page of a storage is current than to make it anew. Where records lie beside their files, one
 * may change while its file does not.
 */
export function canCompare({ areUnchanged, capabilities }: FileDriver): boolean {
  return areUnchanged !== undefined && capabilities.records;
}

/** What a page of a listing was made of, so that one that was made ahead can be told from one that is out of date. */
export class PageSnapshot {
  private readonly looks: Look[] = [];
  private isWhole: boolean;

  /** @param folders those whose names decided what is in the page, with the names */
  constructor(
    private readonly files: FileDriver,
    private readonly folders: ReadonlyMap<StoragePath, FolderNames>,
  ) {
    this.isWhole = canCompare(files);
  }

  /**
   * What was found of files of a folder.
   *
   * @param lookedAt when looking at them began, in milliseconds since the epoch
   */
  add(
    folder: StoragePath,
    names: readonly string[],
    facts: readonly (FileFacts | undefined)[],
    lookedAt: number,
  ): void {
    if (!this.isWhole) return;
    const stats = facts.flatMap((found) => found?.stat ?? []);
    // What changed a moment ago may change again without a trace.
    const isComparable = ({ changeMs }: FileStat): boolean => changeMs !== undefined && isSettled(changeMs, lookedAt);
    this.isWhole = stats.length === names.length && stats.every(isComparable);
    if (this.isWhole) this.looks.push({ folder, names, stats });
  }

  /** Something in the page comes from another look than the one that was added. */
  spoil(): void {
    this.isWhole = false;
  }

  /** Tells whether all is as it was found; undefined where that cannot be told, or not for less than another listing takes. */
  get check(): (() => Promise<boolean>) | undefined {
    return this.isWhole && this.folders.size <= MAX_FOLDERS ? () => this.isCurrent() : undefined;
  }

  private async isCurrent(): Promise<boolean> {
    for (const [folder, names] of this.folders) {
      // The driver keeps the names of a folder that has not changed.
      if ((await this.files.list(folder)) !== names) return false;
    }
    for (const { folder, names, stats } of this.looks) {
      if (!(await this.files.areUnchanged?.(folder, names, stats))) return false;
    }
    return true;
  }
}
