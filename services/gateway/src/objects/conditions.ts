/** Entity tags of an `If-Match` or `If-None-Match` header; `*` stands for any. Without quotes. */
export type ETagList = '*' | readonly string[];

/** Preconditions of reads and copy sources (RFC 9110 section 13). */
export interface ReadConditions {
  readonly ifMatch?: ETagList;
  readonly ifNoneMatch?: ETagList;
  readonly ifModifiedSince?: Date;
  readonly ifUnmodifiedSince?: Date;
}

/**
 * Preconditions of writes (S3 user guide, "Conditional requests"). They are checked under the key's lock, at the moment of
 * the change; a put also checks them once before the body is read.
 */
export interface WriteConditions {
  readonly ifMatch?: ETagList;
  readonly ifNoneMatch?: ETagList;
  /** DeleteObject and DeleteObjects only. */
  readonly ifMatchSize?: number;
  readonly ifMatchLastModified?: Date;
}

export const NO_CONDITIONS: WriteConditions & ReadConditions = {};
