/** What a listing is grouped by. */
export interface Grouping {
  readonly prefix: string;
  /** Empty for none. */
  readonly delimiter: string;
}

/**
 * The common prefix that stands for a name in a listing (Amazon S3 API reference, ListObjectsV2): all up to the first delimiter behind
 * the listing's prefix. Undefined for a name that stands for itself, or is not in the listing.
 */
export function commonPrefix(name: string, { prefix, delimiter }: Grouping): string | undefined {
  if (delimiter === '' || !name.startsWith(prefix)) return undefined;
  const cut = name.indexOf(delimiter, prefix.length);
  return cut < 0 ? undefined : name.slice(0, cut + delimiter.length);
}
