import { successor, toByteString } from '../storage/byte-string.js';
import type { UploadInfo, UploadsEntry, UploadsPage, UploadsQuery } from './multipart-store.js';

/**
 * A page of ListMultipartUploads: by key in UTF-8 order, uploads of one key by the time they were initiated
 * (Amazon S3 API reference, ListMultipartUploads).
 */
export function pageOfUploads(uploads: readonly UploadInfo[], query: UploadsQuery): UploadsPage {
  const sorted = uploads.filter((upload) => upload.key.startsWith(query.prefix)).toSorted(compare);
  const entries: UploadsEntry[] = [];
  let skipBelow = '';
  for (const upload of afterMarker(sorted, query)) {
    const key = toByteString(upload.key);
    if (key < skipBelow) continue;
    const cut = query.delimiter === '' ? -1 : upload.key.indexOf(query.delimiter, query.prefix.length);
    if (entries.length === query.limit) return { entries, truncated: true };
    if (cut < 0) {
      entries.push({ kind: 'upload', upload });
      continue;
    }
    const prefix = upload.key.slice(0, cut + query.delimiter.length);
    entries.push({ kind: 'prefix', prefix });
    skipBelow = successor(toByteString(prefix));
  }
  return { entries, truncated: false };
}

function afterMarker(
  sorted: readonly UploadInfo[],
  { keyMarker, uploadIdMarker, prefix, delimiter }: UploadsQuery,
): readonly UploadInfo[] {
  if (keyMarker === '') return sorted;
  const marker = toByteString(keyMarker);
  // A common prefix that is not behind the marker is left out as a whole, as in a listing of objects.
  const cut = delimiter !== '' && keyMarker.startsWith(prefix) ? keyMarker.indexOf(delimiter, prefix.length) : -1;
  const group = cut < 0 ? undefined : keyMarker.slice(0, cut + delimiter.length);
  const position = sorted.findIndex((upload) => upload.key === keyMarker && upload.uploadId === uploadIdMarker);
  return sorted.filter((upload, index) => {
    if (group !== undefined && upload.key.startsWith(group)) return false;
    if (upload.key !== keyMarker) return toByteString(upload.key) > marker;
    if (uploadIdMarker === '') return false;
    // The upload of the marker may have ended since; ids sort by time, too.
    return position >= 0 ? index > position : upload.uploadId > uploadIdMarker;
  });
}

function compare(one: UploadInfo, other: UploadInfo): number {
  if (one.key !== other.key) return toByteString(one.key) < toByteString(other.key) ? -1 : 1;
  return one.initiated.getTime() - other.initiated.getTime() || (one.uploadId < other.uploadId ? -1 : 1);
}
