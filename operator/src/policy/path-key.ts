/**
 * The segments of a path in the form in which they are compared: NFC, because some storages answer to both forms of
 * `é` with one folder; and case-folded for storages that do not tell `A` from `a`.
 *
 * @param path of the tree, absolute; `/` has no segments
 */
export function pathKey(path: string, caseInsensitive: boolean): string[] {
  return splitPath(path).map((segment) => segmentKey(segment, caseInsensitive));
}

/** As {@link pathKey}, of one segment. */
export function segmentKey(segment: string, caseInsensitive: boolean): string {
  // Upper case first, as Unicode's full case folding would: "ſ" and "s", "ß" and "ss" are then one.
  return caseInsensitive ? segment.toUpperCase().toLowerCase().normalize('NFC') : segment.normalize('NFC');
}

/** The segments of an absolute path as they are written. */
export function splitPath(path: string): string[] {
  return path === '/' ? [] : path.slice(1).split('/');
}

/** The absolute path of segments. */
export function joinPath(segments: readonly string[]): string {
  return `/${segments.join('/')}`;
}

/** Whether a path lies at or below a prefix, by whole segments; both as {@link pathKey} gives them. */
export function isWithin(path: readonly string[], prefix: readonly string[]): boolean {
  return prefix.length <= path.length && prefix.every((segment, index) => segment === path[index]);
}
