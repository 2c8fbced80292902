/**
 * What a caller is about to do with an object, so that a storage far away is asked once and for no more. A store may ignore
 * any of it and give all.
 */
export interface ReadIntent {
  /** False where it is enough to know how many there are ({@link ObjectInfo.tagCount}). */
  readonly tags?: false;
  /** Which parts are of interest: no more than this one, or none. */
  readonly parts?: number | 'none';
  /** The bytes that will most likely be read: the value of a `Range` header, or perhaps none; all where left out. */
  readonly bytes?: string;
}

/** A {@link ReadIntent.bytes} that is no range. */
export const NO_BYTES = 'none';

/** Of an object, only what listings and headers show. */
export const FACTS_ONLY: ReadIntent = { tags: false, parts: 'none', bytes: NO_BYTES };
