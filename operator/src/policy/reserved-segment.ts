/** Segments that begin with it are the gateway's own, such as `.bucketway/uploads`: no bucket lies in them. */
export const RESERVED_SEGMENT_PREFIX = '.bucketway';
