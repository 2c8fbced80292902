/** The version of both documents that this package reads and writes. */
export const DOCUMENT_VERSION = 1;

/** The largest document, in bytes: a ConfigMap or Secret holds 1 MiB. */
export const MAX_DOCUMENT_BYTES = 1024 * 1024;

/** The most that a document is nested: the deepest valid one needs less, and what reads it recurses. */
export const MAX_DOCUMENT_DEPTH = 16;

/** The most buckets in one document. */
export const MAX_BUCKETS = 20_000;

/** The most grants of one bucket. */
export const MAX_GRANTS = 1_000;

/** The most CORS rules of one bucket (Amazon S3 API, PutBucketCors). */
export const MAX_CORS_RULES = 100;

/** The longest path in the tree, in UTF-8 bytes (Linux PATH_MAX without its NUL). */
export const MAX_TREE_PATH_BYTES = 4095;

/** The longest segment of the path of an S3Bucket, in UTF-8 bytes (Linux NAME_MAX). */
export const MAX_SEGMENT_BYTES = 255;

/** The longest key prefix of a grant, in UTF-8 bytes: that of an object key. */
export const MAX_PREFIX_BYTES = 1024;
