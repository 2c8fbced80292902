import { MAX_SEGMENT_BYTES } from './limits.js';
import { isTreePath, TREE_PATH_RULE } from './tree-path.js';

/** Segments that begin with it, in whatever case, are the gateway's own, such as `.bucketway/uploads`. */
export const RESERVED_PREFIX = '.bucketway';

/** What the path of a bucket must be, for messages. */
export const SERVED_PATH_RULE = `${TREE_PATH_RULE}, and none that begins with ${RESERVED_PREFIX}, which is the gateway's own`;

/** The segment of a path in the tree that is the gateway's own; undefined where there is none. */
export function reservedSegmentOf(path: string): string | undefined {
  return path.split('/').find((segment) => segment.toLowerCase().startsWith(RESERVED_PREFIX));
}

/** The segment of a path in the tree that has more bytes than the name of a folder can have; undefined where there is none. */
export function longSegmentOf(path: string): string | undefined {
  return path.split('/').find((segment) => Buffer.byteLength(segment) > MAX_SEGMENT_BYTES);
}

/** Whether text is a path whose files clients may be served: what the gateway keeps beside them, keys among it, is none. */
export function isServedPath(text: unknown): text is string {
  return isTreePath(text) && reservedSegmentOf(text) === undefined;
}
