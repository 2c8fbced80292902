import { createHash } from 'node:crypto';
import type { DocumentKind } from '@bucketway/contract';
import type { ConfigMap, Secret } from '../kube/core-objects.js';
import { CONFIG_MAPS, SECRETS } from '../kube/resource.js';
import type { Resource } from '../kube/resource.js';
import { documentLabels } from './document-names.js';

/** An object that holds a document. Both kinds have `data`; that of a Secret is base64. */
export type DocumentObject = ConfigMap | Secret;

/** Named texts, as in the files of a volume. */
export type Entries = ReadonlyMap<string, string>;

/** ConfigMaps hold mappings, Secrets credentials. */
export function resourceOf(kind: DocumentKind): Resource<DocumentObject> {
  return kind === 'mappings' ? CONFIG_MAPS : SECRETS;
}

/** What an object holds, decoded. */
export function entriesOf(kind: DocumentKind, object: DocumentObject): Entries {
  const entries = Object.entries(object.data ?? {});
  if (kind === 'mappings') return new Map(entries);
  return new Map(entries.map(([name, value]) => [name, Buffer.from(value, 'base64').toString('utf8')]));
}

/** Equal for equal entries. */
export function digestOf(entries: Entries): string {
  const hash = createHash('sha256');
  for (const name of [...entries.keys()].toSorted()) {
    const text = entries.get(name) as string;
    hash.update(`${name} ${Buffer.byteLength(text)} `).update(text);
  }
  return hash.digest('base64');
}

/**
 * An object that holds entries. What others put on `before` (labels, annotations, owners) stays; `resourceVersion`
 * makes the write a compare-and-swap.
 */
export function toDocumentObject(
  kind: DocumentKind,
  at: { readonly namespace: string; readonly name: string },
  entries: Entries,
  before: DocumentObject | undefined,
): DocumentObject {
  const { labels, annotations, ownerReferences, finalizers, resourceVersion } = before?.metadata ?? {};
  const metadata = {
    ...at,
    labels: { ...labels, ...documentLabels(kind) },
    ...(annotations && { annotations }),
    ...(ownerReferences && { ownerReferences }),
    ...(finalizers && { finalizers }),
    ...(resourceVersion && { resourceVersion }),
  };
  if (kind === 'mappings') return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: Object.fromEntries(entries) };
  const data = Object.fromEntries([...entries].map(([name, text]) => [name, Buffer.from(text).toString('base64')]));
  return { apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', data };
}

/** Whether an object has the labels that watches select it by. */
export function hasDocumentLabels(kind: DocumentKind, { metadata }: DocumentObject): boolean {
  return Object.entries(documentLabels(kind)).every(([name, value]) => metadata.labels?.[name] === value);
}
