import type { ObjectKey } from '../../http/object-key.js';
import type { FileStat } from '../../storage/file-driver.js';
import type { ObjectInfo, ObjectPart } from '../object-info.js';
import { contentTypeOf } from './content-type.js';
import type { ObjectRecord, PartRun, RecordedParts } from './object-record.js';
import { opaqueETag } from './opaque-etag.js';

/** What S3 says of a file, with the record that fits it or without one. */
export function describeObject(key: ObjectKey, stat: FileStat, record: ObjectRecord | undefined): ObjectInfo {
  const lastModified = new Date(stat.mtimeMs);
  if (record === undefined) {
    const attributes = { headers: { 'content-type': contentTypeOf(key) }, metadata: {}, tags: [] };
    return { key, size: stat.size, lastModified, etag: opaqueETag(stat), attributes };
  }
  return {
    key,
    size: stat.size,
    lastModified,
    etag: record.etag,
    // The record itself serves as the attributes: no copy on the hot path.
    attributes: record,
    ...(record.checksum && { checksum: record.checksum }),
    ...(record.parts && { parts: expandParts(record.parts) }),
  };
}

/** The record that says of a file what an {@link ObjectInfo} says. */
export function recordOf(info: ObjectInfo): Omit<ObjectRecord, 'size' | 'mtimeMs' | 'identity'> {
  const { headers, metadata, tags } = info.attributes;
  return {
    etag: info.etag,
    headers,
    metadata,
    tags,
    ...(info.checksum && { checksum: info.checksum }),
    ...(info.parts && { parts: compactParts(info.parts) }),
  };
}

/** Ten thousand parts of one size are one pair of numbers. */
export function compactParts(parts: readonly ObjectPart[]): RecordedParts {
  const runs: [number, number][] = [];
  for (const { size } of parts) {
    const last = runs.at(-1);
    if (last?.[1] === size) last[0]++;
    else runs.push([1, size]);
  }
  const checksums = parts.flatMap((part) => part.checksum ?? []);
  const numbered = parts.every((part, index) => part.number === index + 1);
  return {
    runs: runs satisfies readonly PartRun[],
    ...(checksums.length === parts.length && { checksums }),
    ...(!numbered && { numbers: parts.map((part) => part.number) }),
  };
}

function expandParts({ runs, checksums, numbers }: RecordedParts): ObjectPart[] {
  const parts: ObjectPart[] = [];
  for (const [count, size] of runs) {
    for (let i = 0; i < count; i++) {
      const index = parts.length;
      const checksum = checksums?.[index];
      parts.push({ number: numbers?.[index] ?? index + 1, size, ...(checksum !== undefined && { checksum }) });
    }
  }
  return parts;
}
