import type { FileStat } from '../../storage/file-driver.js';
import type { Checksum, ChecksumAlgorithm, ChecksumType } from '../checksum.js';
import type { ObjectAttributes } from '../object-info.js';

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

/** What a listing needs. */
export type RecordHead = Pick<ObjectRecord, 'size' | 'mtimeMs' | 'identity' | 'etag'> & {
  readonly checksumAlgorithm?: ChecksumAlgorithm;
  readonly checksumType?: ChecksumType;
  /** The rest lies in a sidecar file, since the filesystem could not hold it. */
  readonly spilled: boolean;
};

/** What a listing shows of a record. */
export type ListedRecord = Pick<RecordHead, 'etag' | 'checksumAlgorithm' | 'checksumType'>;

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
