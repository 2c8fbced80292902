import { toByteString, type ByteString } from '../../storage/byte-string.js';
import { commonPrefix } from '../common-prefix.js';
import type { ListQuery, ListingEntry, ObjectListing } from '../listing.js';
import { MountCursor, nameOf, type CursorOptions } from './mount-cursor.js';
import type { MountedStore } from './mount-table.js';

/**
 * One listing over several stores. A mount's keys lie together, so its store is asked only when the page has come as far as that: a page
 * costs what it holds, however many mounts there are.
 */
export class TreeListing {
  private readonly cursors: readonly MountCursor[];
  /** Common prefixes that stand for mounts, in order: a mount shows as a folder whether anything is in it or not. */
  private readonly folders: readonly string[];

  constructor(
    stores: readonly MountedStore[],
    private readonly query: ListQuery,
    hiderOf: (name: string, owner: string) => string | undefined,
  ) {
    this.cursors = stores.map(({ prefix, store }) => {
      const options: CursorOptions = { prefix, store, query, hiderOf: (name) => hiderOf(name, prefix) };
      return new MountCursor(options);
    });
    const folders = stores.flatMap(({ prefix }) => commonPrefix(prefix, this.query) ?? []);
    this.folders = [...new Set(folders)].toSorted((one, other) => (toByteString(one) < toByteString(other) ? -1 : 1));
  }

  async run(): Promise<ObjectListing> {
    const { limit, startAfter } = this.query;
    if (limit === 0) return { entries: [], truncated: false };
    const entries: ListingEntry[] = [];
    let reached = toByteString(startAfter);
    // A marker within a common prefix stands behind it.
    const group = commonPrefix(startAfter, this.query);
    this.skip(group ?? startAfter, group !== undefined);
    while (entries.length <= limit) {
      const next = await this.next(limit + 1 - entries.length, reached);
      if (next === undefined) break;
      const name = nameOf(next);
      this.skip(name, next.kind === 'prefix');
      reached = toByteString(name);
      entries.push(next);
    }
    return { entries: entries.slice(0, limit), truncated: entries.length > limit, isCurrent: this.check };
  }

  private get check(): ObjectListing['isCurrent'] {
    const checks = this.cursors.flatMap((cursor) => cursor.checks);
    if (checks.includes(undefined)) return undefined;
    return async () => {
      for (const check of checks) if (!(await check?.())) return false;
      return true;
    };
  }

  private async next(wanted: number, reached: ByteString): Promise<ListingEntry | undefined> {
    for (;;) {
      const cursor = this.least();
      const folder = this.folders.find((prefix) => toByteString(prefix) > reached);
      const bound = cursor?.bound;
      if (folder !== undefined && (bound === undefined || toByteString(folder) <= bound)) {
        return { kind: 'prefix', prefix: folder };
      }
      if (cursor === undefined) return undefined;
      const { entry } = cursor;
      if (entry === undefined) {
        await cursor.fill(wanted);
        continue;
      }
      // A store cannot tell where the delimiter begins in the name of its mount.
      const common = commonPrefix(nameOf(entry), this.query);
      if (common === undefined) return entry;
      if (toByteString(common) > reached) return { kind: 'prefix', prefix: common };
      cursor.skip(common, true);
    }
  }

  /** The cursor that the next name comes from; one whose page is still to be read, before one that has it. */
  private least(): MountCursor | undefined {
    let best: MountCursor | undefined;
    let least: ByteString | undefined;
    for (const cursor of this.cursors) {
      const { bound } = cursor;
      if (bound === undefined) continue;
      if (least === undefined || bound < least || (bound === least && cursor.entry === undefined)) {
        best = cursor;
        least = bound;
      }
    }
    return best;
  }

  private skip(name: string, isPrefix: boolean): void {
    if (name === '') return;
    for (const cursor of this.cursors) cursor.skip(name, isPrefix);
  }
}
