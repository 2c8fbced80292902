import { documentFileName } from '@bucketway/contract';
import type { DocumentKind } from '@bucketway/contract';

export const MANAGED_BY_LABEL = 'app.kubernetes.io/managed-by';
export const MANAGED_BY = 'bucketway-operator';

/** `mappings` or `credentials`: on every object that holds a document. */
export const DOCUMENT_LABEL = 'bucketway.dev/document';

/** Selects the objects of both kinds, for lists and watches. */
export const DOCUMENT_SELECTOR = `${MANAGED_BY_LABEL}=${MANAGED_BY},${DOCUMENT_LABEL} in (mappings,credentials)`;

/** The entry of a credentials Secret that only the operator reads; no volume may project it. */
export const LEDGER_FILE = 'ledger.json';

/** Both kinds, in the order in which additions are stored. */
export const DOCUMENT_KINDS: readonly DocumentKind[] = ['credentials', 'mappings'];

/** `PREFIX-mappings-3`: the ConfigMap or Secret of one shard. */
export function documentObjectName(prefix: string, kind: DocumentKind, shard: number): string {
  return `${prefix}-${kind}-${shard}`;
}

/** The labels of an object that holds a document. */
export function documentLabels(kind: DocumentKind): Record<string, string> {
  return { [MANAGED_BY_LABEL]: MANAGED_BY, [DOCUMENT_LABEL]: kind };
}

/** The entry of the object that gateways mount: `mappings-3.json`. */
export function documentEntry(kind: DocumentKind, shard: number): string {
  return documentFileName(kind, shard);
}
