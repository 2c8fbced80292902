import type { ListedObject } from './object-info.js';

/** What a listing asks a store for. Prefix, delimiter and markers are compared as UTF-8 bytes. */
export interface ListQuery {
  readonly prefix: string;
  /** Empty for none; any length. */
  readonly delimiter: string;
  /** Only what sorts behind it. A common prefix equal to or before it is not given again. */
  readonly startAfter: string;
  /** Rows at most: objects and common prefixes together. */
  readonly limit: number;
  /**
   * Nobody waits for the answer yet: whatever else there is to do comes in between. Where it could not be compared later, the
   * answer is {@link NOT_AHEAD}.
   */
  readonly ahead?: boolean;
}

/** A row: an object, or the common prefix of several. */
export type ListingEntry =
  { readonly kind: 'object'; readonly object: ListedObject } | { readonly kind: 'prefix'; readonly prefix: string };

/** A page in UTF-8 byte order. */
export interface ObjectListing {
  readonly entries: readonly ListingEntry[];
  /** More follows; the last entry's key or prefix is the next `startAfter`. */
  readonly truncated: boolean;
  /** Tells whether the same question would be answered the same now; only where that takes much less than to answer it. */
  readonly isCurrent?: (() => Promise<boolean>) | undefined;
}

/** No answer: whoever asks ahead asks again when it is wanted. */
export const NOT_AHEAD: ObjectListing = { entries: [], truncated: false };
