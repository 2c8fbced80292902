import { createHash } from 'node:crypto';

/** The two kinds of documents. */
export type DocumentKind = 'mappings' | 'credentials';

/** What a document's file name says. */
export interface DocumentFile {
  readonly kind: DocumentKind;
  /** What tells it from the others of its kind: `0` of `mappings-0.json`; empty for `mappings.json`. */
  readonly shard: string;
}

const FILE_NAME = /^(mappings|credentials)(?:-([a-z0-9][a-z0-9.-]{0,62}))?\.json$/;

/** The file name of a document: `mappings.json`, `credentials-3.json`. */
export function documentFileName(kind: DocumentKind, shard: string | number = ''): string {
  return shard === '' ? `${kind}.json` : `${kind}-${shard}.json`;
}

/** What a file name says; undefined where the file is no document. */
export function parseDocumentFileName(name: string): DocumentFile | undefined {
  const match = FILE_NAME.exec(name);
  return match === null ? undefined : { kind: match[1] as DocumentKind, shard: match[2] ?? '' };
}

/**
 * The shard of a bucket among `count`. Stable over versions and machines: every writer of documents must agree.
 */
export function shardOf(bucketName: string, count: number): number {
  return createHash('sha256').update(bucketName).digest().readUInt32BE(0) % count;
}
