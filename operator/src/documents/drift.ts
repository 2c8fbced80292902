import type { DocumentKind } from '@bucketway/contract';
import type { ObjectMeta } from '../kube/kube-object.js';

/** The field manager of every operator that writes documents. */
export const DOCUMENT_MANAGER = 'bucketway-operator';

/** Somebody else changed or deleted an object that holds a document. It is written again at once. */
export interface Drift {
  readonly kind: DocumentKind;
  readonly shard: number;
  readonly change: 'edited' | 'deleted';
  readonly object: { readonly kind: 'ConfigMap' | 'Secret'; readonly namespace: string; readonly name: string };
  /** The field manager of the last change, such as `kubectl-edit`, where the API server told. */
  readonly manager?: string;
}

interface ManagedFields {
  readonly manager?: unknown;
  /** RFC 3339, so that the later one sorts behind. */
  readonly time?: string;
}

/** Who changed an object last, of its managed fields; undefined where they were stripped. */
export function lastManager(metadata: ObjectMeta | undefined): string | undefined {
  let last: ManagedFields | undefined;
  for (const entry of (metadata?.managedFields ?? []) as readonly ManagedFields[]) {
    if (last === undefined || (entry.time ?? '') >= (last.time ?? '')) last = entry;
  }
  return typeof last?.manager === 'string' ? last.manager : undefined;
}
