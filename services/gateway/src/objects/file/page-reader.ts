import type { ObjectKey } from '../../http/object-key.js';
import type { FileDriver, FileFacts } from '../../storage/file-driver.js';
import { joinPath, type StoragePath } from '../../storage/storage-path.js';
import type { ListingEntry } from '../listing.js';
import type { FoundName } from './file-listing.js';
import type { ObjectRecords } from './object-records.js';
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
      if (fact) entries.push(await toEntry(records, folder, found, fact));
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

async function toEntry(
  records: ObjectRecords,
  folder: StoragePath,
  found: Extract<FoundName, { kind: 'object' }>,
  facts: FileFacts,
): Promise<ListingEntry> {
  const listed = await records.findListed(joinPath(folder, found.name), facts);
  const { size, mtimeMs } = facts.stat;
  return {
    kind: 'object',
    object: {
      key: found.key as ObjectKey,
      size,
      lastModified: new Date(mtimeMs),
      etag: listed?.etag ?? opaqueETag(facts.stat),
      ...(listed?.checksumAlgorithm && { checksumAlgorithm: listed.checksumAlgorithm }),
      ...(listed?.checksumType && { checksumType: listed.checksumType }),
    },
  };
}
