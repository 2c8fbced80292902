import type { ListedObject } from '../../objects/object-info.js';
import type { ObjectStore } from '../../objects/object-store.js';
import type { ListParameters } from './list-parameters.js';

/** A page as the listing documents give it: objects and common prefixes apart. */
export interface ListPage {
  readonly objects: readonly ListedObject[];
  readonly prefixes: readonly string[];
  /** Set where more follows: the last row, and whether it is a common prefix. */
  readonly next?: { readonly last: string; readonly isPrefix: boolean };
  /** See {@link ObjectListing.isCurrent}. */
  readonly isCurrent?: (() => Promise<boolean>) | undefined;
}

const EMPTY: ListPage = { objects: [], prefixes: [] };

/**
 * Reads the page of a bucket that begins behind a key or common prefix.
 *
 * @param ahead nobody waits for it yet
 */
export async function listPage(
  store: ObjectStore,
  parameters: ListParameters,
  startAfter: string,
  ahead = false,
): Promise<ListPage> {
  const { prefix, delimiter, maxKeys } = parameters;
  // S3 says that nothing is cut off here, and a client that asks for nothing must not go on asking.
  if (maxKeys === 0) return EMPTY;
  const { entries, truncated, isCurrent } = await store.list({ prefix, delimiter, startAfter, limit: maxKeys, ahead });
  const objects: ListedObject[] = [];
  const prefixes: string[] = [];
  for (const entry of entries) {
    if (entry.kind === 'object') objects.push(entry.object);
    else prefixes.push(entry.prefix);
  }
  const last = entries.at(-1);
  if (!truncated || last === undefined) return { objects, prefixes, isCurrent };
  const next =
    last.kind === 'object' ? { last: last.object.key, isPrefix: false } : { last: last.prefix, isPrefix: true };
  return { objects, prefixes, next, isCurrent };
}
