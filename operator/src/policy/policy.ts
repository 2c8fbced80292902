import type { S3BucketAccessMode, S3BucketAnonymousMode } from '@bucketway/contract';
import type { LabelSelector } from './label-selector.js';
import type { PathTemplate } from './path-template.js';

/** Whether paths of S3Buckets may lie in one another. */
export const OVERLAP_MODES = ['Deny', 'SameNamespace', 'ReadOnly'] as const;

/**
 * `Deny`: never. `SameNamespace`: among S3Buckets of one namespace. `ReadOnly`: also with another namespace's, when the
 * newcomer only reads.
 */
export type OverlapMode = (typeof OVERLAP_MODES)[number];

/** A part of the tree that a rule opens. */
export interface PathRule {
  readonly prefix: PathTemplate;
  readonly accessModes: readonly S3BucketAccessMode[];
}

/** A quota in numbers; what is absent has no limit. */
export interface Quota {
  readonly maxBytes?: number;
  readonly maxObjects?: number;
}

/** Times of a key rotation in milliseconds. */
export interface Rotation {
  /** Absent: keys are replaced on request only. */
  readonly intervalMs?: number;
  readonly overlapMs: number;
}

/** What one rule of the tenancy policy gives to the namespaces that it names. */
export interface PolicyRule {
  /** Names of namespaces; `*` is all. */
  readonly namespaces: ReadonlySet<string>;
  /** Namespaces by their labels, beside those that are named. */
  readonly selector?: LabelSelector;
  readonly paths: readonly PathRule[];
  /** The path of an S3Bucket that has none. */
  readonly defaultPath?: PathTemplate;
  /** Absent: any name. `{namespace}` and `{name}` stand in both. */
  readonly bucketNames?: { readonly prefix?: string; readonly exact: readonly string[] };
  readonly overlap: OverlapMode;
  readonly allow: {
    readonly reclaimDelete: boolean;
    readonly anonymous: ReadonlySet<S3BucketAnonymousMode>;
    readonly existingSecret: boolean;
  };
  readonly limits: { readonly bucketsPerNamespace?: number; readonly maxBytes?: number };
  readonly defaults: { readonly quota: Quota; readonly rotation: Partial<Rotation> };
}

/** Who may map what. The first rule that names a namespace decides for it; without one, nothing is permitted. */
export interface Policy {
  readonly rules: readonly PolicyRule[];
  /** The storages do not tell `A` from `a`: paths that differ in case only are one path. */
  readonly caseInsensitivePaths: boolean;
}
