/** What an operation needs. A grant gives some of them, for a bucket and a key prefix. */
export const PERMISSIONS = ['read', 'write', 'list', 'admin'] as const;

/**
 * `read` GetObject and its kin; `write` puts, deletes and uploads; `list` the listings of a bucket;
 * `admin` a bucket's own settings (CORS, tags). The mode `admin` gives all four.
 */
export type Permission = (typeof PERMISSIONS)[number];
