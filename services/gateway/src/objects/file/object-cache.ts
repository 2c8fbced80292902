import { LRUCache } from 'lru-cache';
import type { FileStat } from '../../storage/file-driver.js';
import { isSettled } from '../../storage/is-settled.js';
import type { ObjectInfo } from '../object-info.js';
import { isSameVersion, type FileVersion, type ListedRecord } from './object-record.js';

/** A small object, whole, and the facts under which it is valid. */
export interface CachedObject {
  readonly stat: FileStat;
  readonly info: ObjectInfo;
  readonly content: Buffer;
}

/** Objects up to this size, in bytes, are kept. */
export const MAX_CACHED_BYTES = 16 * 1024;
/** Bytes kept by a process, with what an entry costs besides its content. */
const MAX_TOTAL_BYTES = 8 * 1024 * 1024;
const ENTRY_BYTES = 1024;
/** About 300 bytes each. */
const MAX_LISTED = 50_000;

/**
 * Small objects that were read lately. An entry is good while the name still leads to the same unchanged file, which one lstat tells: inode,
 * size, and the times of the last change of content and of anything else. So whoever changes a file, with whatever program,
 * is noticed, and a read costs one call instead of six.
 */
export class ObjectCache {
  /** What listings show of files whose records lie beside them, and of which version: there each look is a request. */
  readonly listed = new LRUCache<string, { readonly version: FileVersion; readonly record: ListedRecord }>({
    maxSize: MAX_LISTED,
    sizeCalculation: () => 1,
  });
  private readonly objects = new LRUCache<string, CachedObject>({
    maxSize: MAX_TOTAL_BYTES,
    sizeCalculation: ({ content }) => content.length + ENTRY_BYTES,
  });

  /** What is kept of a path, which may not be valid any more: see {@link check}. */
  get(path: string): CachedObject | undefined {
    return this.objects.get(path);
  }

  /** @param stat what the name leads to now @returns the object where it is still that */
  check(path: string, known: CachedObject, stat: FileStat | undefined): CachedObject | undefined {
    if (stat && isSame(known.stat, stat)) return known;
    this.objects.delete(path);
    return undefined;
  }

  /** Whether a file that was looked at now may be kept. */
  accepts(stat: FileStat): boolean {
    return stat.size <= MAX_CACHED_BYTES && stat.changeMs !== undefined && isSettled(stat.changeMs);
  }

  set(path: string, object: CachedObject): void {
    this.objects.set(path, object);
  }
}

function isSame(one: FileStat, other: FileStat): boolean {
  return one.changeMs !== undefined && one.changeMs === other.changeMs && isSameVersion(one, other);
}
