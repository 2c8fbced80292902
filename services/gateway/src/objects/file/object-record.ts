import type { FileStat } from '../../storage/file-driver.js';
import type { Checksum, ChecksumAlgorithm, ChecksumType } from '../checksum.js';
import type { ObjectAttributes, Tag } from '../object-info.js';

/** A run of parts of one size. */
export type PartRun = readonly [count: number, size: number];

/** Sizes, and where the upload had them checksums, of the parts that an object was completed of. */
export interface RecordedParts {
  readonly runs: readonly PartRun[];
  /** base64, in part order; numbers start at 1 and have no gaps unless `numbers` says otherwise. */
  readonly checksums?: readonly string[];
  readonly numbers?: readonly number[];
}

/** Everything the gateway knows of an object that the file itself does not tell. */
export interface ObjectRecord extends ObjectAttributes {
  /** Of the file version that this record describes. */
  readonly size: number;
  readonly mtimeMs: number;
  readonly identity: string;
  readonly etag: string;
  readonly checksum?: Checksum;
  readonly parts?: RecordedParts;
  /** The upload that made the object, so that completing it again answers the same. */
  readonly uploadId?: string;
}

/** The first line alone: what a listing needs. */
export type RecordHead = Pick<ObjectRecord, 'size' | 'mtimeMs' | 'identity' | 'etag'> & {
  readonly checksumAlgorithm?: ChecksumAlgorithm;
  readonly checksumType?: ChecksumType;
  /** The rest lies in a sidecar file, since the filesystem could not hold it. */
  readonly spilled: boolean;
};

interface RecordBody {
  h?: Readonly<Record<string, string>>;
  m?: Readonly<Record<string, string>>;
  t?: readonly Tag[];
  c?: string;
  p?: RecordedParts;
  u?: string;
}

const VERSION = '1';
const NONE = '-';
const SPILLED = 'spilled';

/**
 * A record as it is stored: a line of what listings need, readable without parsing the rest, then JSON.
 *
 * `1 <size> <mtime in ms> <identity or -> <etag> <checksum algorithm:type or ->\n{…}`
 */
export function encodeRecord(record: ObjectRecord): Buffer {
  const body: RecordBody = {};
  if (hasFields(record.headers)) body.h = record.headers;
  if (hasFields(record.metadata)) body.m = record.metadata;
  if (record.tags.length > 0) body.t = record.tags;
  if (record.checksum) body.c = record.checksum.value;
  if (record.parts) body.p = record.parts;
  if (record.uploadId) body.u = record.uploadId;
  return Buffer.from(`${headLine(record)}\n${JSON.stringify(body)}`);
}

/** The record that stands on the file where the whole one had to go to a sidecar file. */
export function encodeSpilledRecord(record: ObjectRecord): Buffer {
  return Buffer.from(`${headLine(record)}\n${SPILLED}`);
}

function headLine(record: ObjectRecord): string {
  const { size, mtimeMs, identity, etag, checksum } = record;
  const kind = checksum ? `${checksum.algorithm}:${checksum.type}` : NONE;
  return `${VERSION} ${size} ${mtimeMs} ${identity || NONE} ${etag} ${kind}`;
}

/** Reads the first line, or undefined for what is not a record of a version that this gateway knows. */
export function decodeRecordHead(stored: Buffer): RecordHead | undefined {
  const end = stored.indexOf(10);
  if (end < 0) return undefined;
  const fields = stored.toString('latin1', 0, end).split(' ');
  if (fields.length !== 6 || fields[0] !== VERSION) return undefined;
  const [, size, mtimeMs, identity, etag, kind] = fields as [string, string, string, string, string, string];
  const head = {
    size: Number(size),
    mtimeMs: Number(mtimeMs),
    identity: identity === NONE ? '' : identity,
    etag,
    spilled: stored.length === end + 1 + SPILLED.length && stored.toString('latin1', end + 1) === SPILLED,
  };
  if (kind === NONE) return head;
  const colon = kind.indexOf(':');
  return {
    ...head,
    checksumAlgorithm: kind.slice(0, colon) as ChecksumAlgorithm,
    checksumType: kind.slice(colon + 1) as ChecksumType,
  };
}

/** Reads a whole record; undefined for what is damaged, which then counts as no record. */
export function decodeRecord(stored: Buffer, head = decodeRecordHead(stored)): ObjectRecord | undefined {
  if (head === undefined || head.spilled) return undefined;
  let body: RecordBody;
  try {
    body = JSON.parse(stored.toString('utf8', stored.indexOf(10) + 1)) as RecordBody;
  } catch {
    return undefined;
  }
  const { size, mtimeMs, identity, etag, checksumAlgorithm: algorithm, checksumType: type } = head;
  return {
    size,
    mtimeMs,
    identity,
    etag,
    headers: body.h ?? {},
    metadata: body.m ?? {},
    tags: body.t ?? [],
    ...(body.c && algorithm && type && { checksum: { algorithm, type, value: body.c } }),
    ...(body.p && { parts: body.p }),
    ...(body.u && { uploadId: body.u }),
  };
}

/** What tells one version of a file from another. */
export type FileVersion = Pick<FileStat, 'size' | 'mtimeMs' | 'identity'>;

/** How a record fits a file. */
export type RecordFit =
  /** It describes this very file. */
  | 'same'
  /** Size and time fit, the inode does not: a copy or a restored backup, or the file was replaced between two looks at it. */
  | 'alike'
  /** The file was changed by somebody else. */
  | 'other';

export function fitOf(record: FileVersion, stat: FileVersion): RecordFit {
  if (record.size !== stat.size || record.mtimeMs !== stat.mtimeMs) return 'other';
  return record.identity === stat.identity ? 'same' : 'alike';
}

/** Whether two looks at a name found the same version of the same file. */
export function isSameVersion(one: FileStat, other: FileStat | undefined): boolean {
  return (
    other !== undefined &&
    one.identity === other.identity &&
    one.size === other.size &&
    one.mtimeMs === other.mtimeMs &&
    one.kind === other.kind
  );
}

function hasFields(record: Readonly<Record<string, string>>): boolean {
  for (const name in record) if (Object.hasOwn(record, name)) return true;
  return false;
}
