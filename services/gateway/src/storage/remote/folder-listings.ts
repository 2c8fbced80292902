import { LRUCache } from 'lru-cache';
import { lowerBound, toByteString, type ByteString } from '../byte-string.js';
import type { FolderNames } from '../file-driver.js';
import type { StoragePath } from '../storage-path.js';
import type { EntryList } from './entry-list.js';
import type { RemoteEntry } from './remote-entry.js';

/** Entries kept, over all folders of a storage; about 60 bytes each, and the name. One folder of a million must fit, or each page would list it anew. */
const MAX_ENTRIES = 1_200_000;
const SLOW_MS = 2_000;

/** A folder as it was listed: its names in order. */
export class FolderListing implements FolderNames {
  /** Where in the entries each name is. */
  private readonly order: Uint32Array;

  constructor(private readonly entries: EntryList) {
    this.order = entries.inOrder();
  }

  get length(): number {
    return this.order.length;
  }

  at(index: number): ByteString | undefined {
    const place = this.order[index];
    return place === undefined ? undefined : this.entries.byteNameAt(place);
  }

  *[Symbol.iterator](): Iterator<ByteString> {
    for (const place of this.order) yield this.entries.byteNameAt(place);
  }

  /** The file or folder of a name. */
  find(name: string): RemoteEntry | undefined {
    const bytes = toByteString(name);
    for (const kind of ['file', 'folder'] as const) {
      const wanted = kind === 'file' ? bytes : `${bytes}/`;
      const index = lowerBound(this, wanted);
      if (this.at(index) === wanted) return this.entries.at(this.order[index] as number);
    }
    return undefined;
  }
}

/** How folders are listed. */
export interface FolderListingsOptions {
  /** How long a listing serves, from its begin on; one that takes longer than half of that serves for as long as it took. */
  readonly ttlMs: number;
  /** @param quick it may keep writers waiting */
  readonly list: (folder: StoragePath, quick: boolean) => Promise<EntryList>;
  /** What stands for the last write to a folder. */
  readonly markOf: (folder: StoragePath) => string;
}

interface Kept {
  readonly listing: FolderListing;
  readonly mark: string;
  /** By performance.now(). */
  readonly until: number;
}

/**
 * The listings of a storage's folders. One serves for as long as it was configured, unless somebody on this machine has written to the
 * folder; who asks while a folder is being listed gets that listing.
 */
export class FolderListings {
  private readonly kept = new LRUCache<StoragePath, Kept>({
    maxSize: MAX_ENTRIES,
    // What serves no more is given back, though nobody asks for the folder again.
    ttlAutopurge: true,
    sizeCalculation: ({ listing }) => listing.length + 1,
  });
  private readonly running = new Map<
    StoragePath,
    { readonly mark: string; readonly listing: Promise<FolderListing> }
  >();

  /** Folders whose last listing took so long that nobody may be kept waiting for the next. */
  private readonly slow = new LRUCache<StoragePath, true>({ max: 100 });

  constructor(private readonly options: FolderListingsOptions) {}

  /** @throws StorageError `not-found`, `not-folder` */
  get(folder: StoragePath): Promise<FolderListing> {
    const mark = this.options.markOf(folder);
    const kept = this.kept.get(folder);
    if (kept?.mark === mark && performance.now() < kept.until) return Promise.resolve(kept.listing);
    const running = this.running.get(folder);
    // One that began before the last write may lack it.
    if (running?.mark === mark) return running.listing;
    const listing = this.read(folder, mark);
    this.running.set(folder, { mark, listing });
    return listing;
  }

  private async read(folder: StoragePath, mark: string): Promise<FolderListing> {
    const began = performance.now();
    let entries;
    try {
      entries = await this.options.list(folder, !this.slow.has(folder));
    } finally {
      if (this.running.get(folder)?.mark === mark) this.running.delete(folder);
    }
    const listing = new FolderListing(entries);
    const now = performance.now();
    const took = now - began;
    if (took > SLOW_MS) this.slow.set(folder, true);
    else this.slow.delete(folder);
    const { ttlMs } = this.options;
    if (ttlMs > 0) {
      // One that takes longer than it may serve would be over with its first page, and each further page list a million anew.
      const ttl = Math.max(ttlMs - took, took);
      this.kept.set(folder, { listing, mark, until: now + ttl }, { ttl });
    }
    return listing;
  }
}
