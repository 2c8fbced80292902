import type { ObjectKey } from '../../http/object-key.js';
import type { FileDriver, FileFacts, FileStat } from '../../storage/file-driver.js';
import { joinPath, type StoragePath } from '../../storage/storage-path.js';
import type { ListingEntry } from '../listing.js';
import type { FoundName } from './file-listing.js';
import type { ListedRecord } from './object-record.js';
import type { ObjectRecords } from './object-records.js';
import { opaqueETag } from './opaque-etag.js';
import type { PageSnapshot } from './page-snapshot.js';

/** Records that lie beside their files are read so many at a time: each may be a request to a server. */
const LOOKS_AT_ONCE = 32;

/** Files of a page that nobody waits for are looked at so many at a time. */
const LOOKS_AHEAD = 250;

/** Where the files of a page are, and what becomes of what is found. */
export interface PageSources {
  readonly files: FileDriver;
  readonly records: ObjectRecords;
  readonly snapshot: PageSnapshot;
  /** Others have their turn every few files. */
  readonly ahead: boolean;
}

/** Looks at the files of a page, folder by folder, and drops those that have vanished since their names were read. */
export async function readPage(
  { files, records, snapshot, ahead }: PageSources,
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
    const endOfRun = endOfFolder(names, start, first.folder);
    const end = ahead ? Math.min(endOfRun, start + LOOKS_AHEAD) : endOfRun;
    if (ahead) await new Promise((resolve) => setImmediate(resolve));
    const run = names.slice(start, end) as FoundObject[];
    const folder = first.folder.slice(0, -1) as StoragePath;
    const runNames = run.map((found) => found.name);
    const lookedAt = Date.now();
    const facts = await files.factsOf(folder, runNames);
    snapshot.add(folder, runNames, facts, lookedAt);
    const read = files.capabilities.records ? readTogether : readBeside;
    entries.push(...(await read({ records, folder, snapshot }, run, facts)));
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

type FoundObject = Extract<FoundName, { kind: 'object' }>;
type Facts = readonly (FileFacts | undefined)[];

interface Run {
  readonly records: ObjectRecords;
  readonly folder: StoragePath;
  readonly snapshot: PageSnapshot;
}

/** Files that carry their records. */
async function readTogether(
  { records, folder, snapshot }: Run,
  run: readonly FoundObject[],
  facts: Facts,
): Promise<ListingEntry[]> {
  const entries: ListingEntry[] = [];
  for (let index = 0; index < run.length; index++) {
    const found = run[index] as FoundObject;
    const fact = facts[index];
    if (fact === undefined) continue;
    const listed = records.findListed(fact);
    if (!listed) snapshot.spoil();
    const entry = listed
      ? toEntry(found.key, fact.stat, listed)
      : await settleEntry(records, joinPath(folder, found.name), found.key);
    if (entry) entries.push(entry);
  }
  return entries;
}

/** Files whose records are files of their own. */
async function readBeside(
  { records, folder }: Run,
  run: readonly FoundObject[],
  facts: Facts,
): Promise<ListingEntry[]> {
  const entries: ListingEntry[] = [];
  for (let at = 0; at < run.length; at += LOOKS_AT_ONCE) {
    const looks = run
      .slice(at, at + LOOKS_AT_ONCE)
      .map((found, i) => lookBeside(records, folder, found, facts[at + i]));
    for (const entry of await Promise.all(looks)) if (entry) entries.push(entry);
  }
  return entries;
}

async function lookBeside(
  records: ObjectRecords,
  folder: StoragePath,
  { name, key }: FoundObject,
  facts: FileFacts | undefined,
): Promise<ListingEntry | undefined> {
  if (facts === undefined) return undefined;
  const path = joinPath(folder, name);
  const listed = await records.findListedSidecar(path, facts);
  return listed ? toEntry(key, facts.stat, listed) : settleEntry(records, path, key);
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
  const object = { key: key as ObjectKey, size, lastModified: new Date(mtimeMs), etag };
  if (checksumAlgorithm === undefined || checksumType === undefined) return { kind: 'object', object };
  return { kind: 'object', object: { ...object, checksumAlgorithm, checksumType } };
}
