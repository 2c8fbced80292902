import type { ListedObject } from '../../objects/object-info.js';
import type { Slots } from '../../xml/xml-template.js';
import type { XMLBuilder } from 'xmlbuilder2/lib/interfaces.js';
import { ownerTemplate } from '../documents/owner-template.js';
import type { Owner } from '../documents/owner.js';
import { encodeListed, type KeyEncoding } from '../parameters/paging-parameters.js';
import { STANDARD_STORAGE_CLASS } from '../parameters/storage-class.js';

/** A row of a listing, as its template takes it. */
export interface ListedRow {
  readonly key: string;
  readonly lastModified: string;
  readonly etag: string;
  readonly checksumAlgorithm: string | undefined;
  readonly checksumType: string | undefined;
  readonly size: number;
  readonly owner: Owner | undefined;
}

const OWNER = ownerTemplate('Owner');

/** Describes what the rows of all three listings have. */
export function describeListedObject(xml: XMLBuilder, slot: Slots<ListedRow>): void {
  slot.leaf(xml, 'LastModified', 'lastModified');
  slot.quoted(xml, 'ETag', 'etag');
  slot.leaf(xml, 'ChecksumAlgorithm', 'checksumAlgorithm');
  slot.leaf(xml, 'ChecksumType', 'checksumType');
  slot.leaf(xml, 'Size', 'size');
  slot.part(xml, 'owner', OWNER);
  xml.ele('StorageClass').txt(STANDARD_STORAGE_CLASS);
}

/** Makes the rows of a page. */
export function listedRows(
  objects: readonly ListedObject[],
  encoding: KeyEncoding,
  owner: Owner | undefined,
): readonly ListedRow[] {
  const rows: ListedRow[] = [];
  for (const object of objects) {
    rows.push({
      key: encodeListed(object.key, encoding),
      lastModified: formatListedDate(object.lastModified),
      etag: object.etag,
      checksumAlgorithm: object.checksumAlgorithm,
      checksumType: object.checksumType,
      size: object.size,
      owner,
    });
  }
  return rows;
}

/** Makes the common prefixes of a page. */
export function listedPrefixes(
  prefixes: readonly string[],
  encoding: KeyEncoding,
): readonly { readonly prefix: string }[] {
  return prefixes.map((prefix) => ({ prefix: encodeListed(prefix, encoding) }));
}

// Files that were written one after the other share their seconds.
let formatted = { second: 0, text: '1970-01-01T00:00:00.000Z' };

/** ISO 8601 in whole seconds, written with milliseconds as S3 does: clients compare it with `Last-Modified`. */
export function formatListedDate(date: Date): string {
  const second = Math.floor(date.getTime() / 1000);
  if (second !== formatted.second) formatted = { second, text: `${date.toISOString().slice(0, -4)}000Z` };
  return formatted.text;
}
