import { fromByteString, lowerBound, successor, toByteString, type ByteString } from '../../storage/byte-string.js';
import type { FileDriver, FolderNames } from '../../storage/file-driver.js';
import { isNothingThere } from '../../storage/storage-error.js';
import { RESERVED_PREFIX, type StoragePath } from '../../storage/storage-path.js';
import { MAX_KEY_BYTES } from '../../http/object-key.js';
import { commonPrefix } from '../common-prefix.js';
import type { ListQuery } from '../listing.js';
import { FOLDER_OBJECT } from './key-path.js';

/** A row before the file behind it was looked at. */
export type FoundName =
  | { readonly kind: 'prefix'; readonly prefix: string }
  /** `folder` ends in `/` or is empty; a folder's own object has the folder's key and the marker's name. */
  | { readonly kind: 'object'; readonly folder: string; readonly name: string; readonly key: string };

/**
 * Walks the folders of a bucket in key order and finds the names of a page. It opens only folders that can hold one of them, and
 * looks at no file: a page costs what it holds, not what the bucket holds.
 *
 * Keys are compared as byte strings throughout. A folder sorts as `name/`, so that `a-b` comes before what is in `a`.
 */
export class FileListing {
  private readonly prefix: ByteString;
  private readonly delimiter: ByteString;
  /** Where the page begins: the least key that may still be in it. It moves up past common prefixes that were found. */
  private from: ByteString;
  private readonly found: FoundName[] = [];
  private readonly read = new Map<StoragePath, FolderNames>();

  constructor(
    private readonly files: FileDriver,
    query: ListQuery,
    /** Names to find: the page and one more. */
    private readonly wanted: number,
  ) {
    this.prefix = toByteString(query.prefix);
    this.delimiter = toByteString(query.delimiter);
    this.from = query.startAfter === '' ? '' : firstBehind(toByteString(query.startAfter), this.prefix, this.delimiter);
  }

  /** The folders whose names were looked at, with all of their names. */
  get folders(): ReadonlyMap<StoragePath, FolderNames> {
    return this.read;
  }

  async run(): Promise<readonly FoundName[]> {
    if (this.wanted > 0) await this.walk('');
    return this.found;
  }

  /** @param folder key prefix of the folder: empty, or with a trailing `/`. Resolves with false when the page is full. */
  private async walk(folder: ByteString): Promise<boolean> {
    const names = await this.namesOf(folder);
    // The folder's own key is shorter than all others in it, whatever its marker's name sorts behind.
    // The bucket's own folder has no key: its marker belongs to a bucket above.
    const marked = folder !== '' && names.at(lowerBound(names, FOLDER_OBJECT)) === FOLDER_OBJECT;
    if (marked && folder.startsWith(this.prefix)) {
      if (!this.take(folder, FOLDER_OBJECT, folder)) return false;
    }
    for (let i = this.firstIndex(names, folder); i < names.length; i++) {
      const name = names.at(i) as ByteString;
      const key = folder + name;
      // A key that no request can name is no object.
      if (name.startsWith(RESERVED_PREFIX) || key.length > MAX_KEY_BYTES) continue;
      if (!key.startsWith(this.prefix)) {
        if (name.endsWith('/') && this.prefix.startsWith(key)) {
          if (!(await this.walk(key))) return false;
        } else if (key > this.prefix) break;
        continue;
      }
      // Only what lies in another folder has to be waited for: a page has a thousand names.
      const goOn = this.isWalked(name, key) ? await this.walk(key) : this.take(folder, name, key);
      if (!goOn) return false;
      if (this.from > key) i = Math.max(i, this.firstIndex(names, folder) - 1);
    }
    return true;
  }

  /** Whether a name whose key begins with the prefix is that of a folder whose names are looked at one by one. */
  private isWalked(name: ByteString, key: ByteString): boolean {
    return name.endsWith('/') && this.cutOf(key) < 0;
  }

  /** Where the delimiter ends a common prefix, or -1. */
  private cutOf(key: ByteString): number {
    return this.delimiter === '' ? -1 : key.indexOf(this.delimiter, this.prefix.length);
  }

  /** Deals with any other. @returns false when the page is full */
  private take(folder: ByteString, name: ByteString, key: ByteString): boolean {
    const cut = this.cutOf(key);
    if (cut >= 0) {
      const common = key.slice(0, cut + this.delimiter.length);
      if (common >= this.from) {
        this.from = successor(common);
        this.found.push({ kind: 'prefix', prefix: fromByteString(common) });
      }
    } else if (key >= this.from) {
      this.found.push({
        kind: 'object',
        folder: fromByteString(folder),
        name: fromByteString(name),
        key: fromByteString(key),
      });
    }
    return this.found.length < this.wanted;
  }

  /** Index of the first name of a folder that can be, or hold, something from {@link from} and the prefix on. */
  private firstIndex(names: FolderNames, folder: ByteString): number {
    const bound = this.from > this.prefix ? this.from : this.prefix;
    if (bound <= folder) return 0;
    if (!bound.startsWith(folder)) return bound > folder ? names.length : 0;
    const rest = bound.slice(folder.length);
    const index = lowerBound(names, rest);
    const before = index === 0 ? undefined : names.at(index - 1);
    return before?.endsWith('/') && rest.startsWith(before) ? index - 1 : index;
  }

  private async namesOf(folder: ByteString): Promise<FolderNames> {
    const path = fromByteString(folder.slice(0, -1)) as StoragePath;
    const names = await this.readNames(path);
    this.read.set(path, names);
    return names;
  }

  private async readNames(path: StoragePath): Promise<FolderNames> {
    try {
      return await this.files.list(path);
    } catch (error) {
      // Gone since its parent was read, or the prefix names no folder.
      if (isNothingThere(error)) return [];
      throw error;
    }
  }
}

/** The least key behind a marker; a common prefix that is not behind the marker is left out as a whole. */
function firstBehind(marker: ByteString, prefix: ByteString, delimiter: ByteString): ByteString {
  const group = commonPrefix(marker, { prefix, delimiter });
  return group === undefined ? `${marker}\0` : successor(group);
}
