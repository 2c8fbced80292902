import type { BucketSettings } from './buckets.js';

/** What the gateway keeps of a bucket in its storage: who made it, and what clients have set on it. */
export interface BucketState extends BucketSettings {
  /** Name of the identity that created the bucket; undefined for a folder that was there before. */
  readonly owner?: string;
  /** ISO 8601. */
  readonly createdAt?: string;
}
