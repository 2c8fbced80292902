import { successor, toByteString } from '../storage/byte-string.js';
import { commonPrefix } from './common-prefix.js';
import type { UploadInfo, UploadsEntry, UploadsPage, UploadsQuery } from './multipart-store.js';

/**
 * A page of ListMultipartUploads of uploads that are all at hand: by key in UTF-8 order, uploads of one key by the time they were initiated
 * (Amazon S3 API reference, ListMultipartUploads).
 */
export function pageOfUploads(uploads: readonly UploadInfo[], query: UploadsQuery): UploadsPage {
  const sorted = uploads.filter((upload) => upload.key.startsWith(query.prefix)).toSorted(compareUploads);
  const entries: UploadsEntry[] = [];
  let skipBelow = '';
  for (const upload of afterMarker(sorted, query)) {
    const key = toByteString(upload.key);
    if (key < skipBelow) continue;
    if (entries.length === query.limit) return { entries, truncated: true };
    const prefix = commonPrefix(upload.key, query);
    entries.push(prefix === undefined ? { kind: 'upload', upload } : { kind: 'prefix', prefix });
    if (prefix !== undefined) skipBelow = successor(toByteString(prefix));
  }
  return { entries, truncated: false };
}

/** A page of what several storages have for it. @param entries of each in their order, with keys of the bucket */
export function mergeUploads(entries: readonly UploadsEntry[], limit: number): UploadsPage {
  const nameOf = (entry: UploadsEntry | undefined): string | undefined =>
    entry?.kind === 'upload' ? entry.upload.key : entry?.prefix;
  // Uploads of one key are of one storage, and stay in its order.
  const sorted = entries
    .map((entry) => ({ entry, name: toByteString(nameOf(entry) ?? '') }))
    .sort((one, other) => (one.name === other.name ? 0 : one.name < other.name ? -1 : 1))
    .map(({ entry }) => entry)
    .filter((entry, i, all) => entry.kind === 'upload' || nameOf(all[i - 1]) !== entry.prefix);
  return { entries: sorted.slice(0, limit), truncated: sorted.length > limit };
}

function afterMarker(sorted: readonly UploadInfo[], query: UploadsQuery): readonly UploadInfo[] {
  const { keyMarker, uploadIdMarker } = query;
  if (keyMarker === '') return sorted;
  const marker = toByteString(keyMarker);
  // A common prefix that is not behind the marker is left out as a whole, as in a listing of objects.
  const group = commonPrefix(keyMarker, query);
  const position = sorted.findIndex((upload) => upload.key === keyMarker && upload.uploadId === uploadIdMarker);
  return sorted.filter((upload, index) => {
    if (group !== undefined && upload.key.startsWith(group)) return false;
    if (upload.key !== keyMarker) return toByteString(upload.key) > marker;
    if (uploadIdMarker === '') return false;
    // The upload of the marker may have ended since; ids sort by time, too.
    return position >= 0 ? index > position : upload.uploadId > uploadIdMarker;
  });
}

/** The order of uploads in a listing. */
export function compareUploads(one: UploadInfo, other: UploadInfo): number {
  if (one.key !== other.key) return toByteString(one.key) < toByteString(other.key) ? -1 : 1;
  return one.initiated.getTime() - other.initiated.getTime() || (one.uploadId < other.uploadId ? -1 : 1);
}
