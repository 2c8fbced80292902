import type { ObjectKey } from '../../http/object-key.js';
import type { FileDriver, FileStat } from '../../storage/file-driver.js';
import { joinPath, type StoragePath } from '../../storage/storage-path.js';
import type { ListingEntry } from '../listing.js';
import type { FoundName } from './file-listing.js';
import type { ListedRecord, ObjectRecords } from './object-records.js';
import { opaqueETag } from './opaque-etag.js';

/** Looks at the files of a page, folder by folder, and drops those that have vanished since their names were read. */
export async function readPage(
  files: FileDriver,
  records: ObjectRecords,
  names: readonly FoundName[],
): Promise<ListingEntry[]> {
  const entries: ListingEntry[] = [];
  for (let start = 0; start < names.length;) {
    const first = names[start] as FoundName;
    if (first.kind === 'prefix') {
      entries.push(first);
      start++;
      continue;
    }
    const end = endOfFolder(names, start, first.folder);
    const run = names.slice(start, end) as Extract<FoundName, { kind: 'object' }>[];
    const folder = first.folder.slice(0, -1) as StoragePath;
    const facts = await files.factsOf(
      folder,
      run.map((found) => found.name),
    );
    for (const [index, found] of run.entries()) {
      const fact = facts[index];
      if (fact === undefined) continue;
      const listed = records.findListed(fact);
      const entry = listed
        ? toEntry(found.key, fact.stat, listed)
        : await settleEntry(records, joinPath(folder, found.name), found.key);
      if (entry) entries.push(entry);
    }
    start = end;
  }
  return entries;
}

function endOfFolder(names: readonly FoundName[], start: number, folder: string): number {
  let end = start;
  for (; end < names.length; end++) {
    const found = names[end] as FoundName;
    if (found.kind !== 'object' || found.folder !== folder) break;
  }
  return end;
}

async function settleEntry(records: ObjectRecords, path: StoragePath, key: string): Promise<ListingEntry | undefined> {
  const settled = await records.settle(path);
  if (settled === undefined) return undefined;
  const { facts, record } = settled;
  if (record === undefined) return toEntry(key, facts.stat, { etag: opaqueETag(facts.stat) });
  const { etag, checksum } = record;
  return toEntry(key, facts.stat, {
    etag,
    ...(checksum && { checksumAlgorithm: checksum.algorithm, checksumType: checksum.type }),
  });
}

function toEntry(key: string, { size, mtimeMs }: FileStat, listed: ListedRecord): ListingEntry {
  const { etag, checksumAlgorithm, checksumType } = listed;
  return {
    kind: 'object',
    object: {
      key: key as ObjectKey,
      size,
      lastModified: new Date(mtimeMs),
      etag,
      ...(checksumAlgorithm && { checksumAlgorithm }),
      ...(checksumType && { checksumType }),
    },
  };
}
