import type { ObjectInfo, ObjectPart } from '../../objects/object-info.js';
import { compileDocument, compileTemplate } from '../../xml/xml-template.js';
import { checksumMarkup } from '../documents/checksum-markup.js';
import { STANDARD_STORAGE_CLASS } from '../parameters/storage-class.js';

/** What `x-amz-object-attributes` can ask for. */
export const OBJECT_ATTRIBUTES = ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize'] as const;
export type ObjectAttribute = (typeof OBJECT_ATTRIBUTES)[number];

/** Which parts to name. */
export interface PartsPaging {
  readonly maxParts: number;
  /** Only parts behind it. */
  readonly marker: number;
}

interface PartRow {
  readonly number: number;
  readonly size: number;
  readonly checksum: string;
}

interface PartsValues {
  readonly count: number;
  readonly marker: number;
  readonly nextMarker: number;
  readonly maxParts: number;
  readonly truncated: boolean;
  readonly parts: readonly PartRow[];
}

interface AttributesValues {
  readonly etag: string | undefined;
  readonly checksum: { readonly value: string; readonly type: string } | undefined;
  readonly parts: PartsValues | undefined;
  readonly storageClass: string | undefined;
  readonly size: number | undefined;
}

const CHECKSUM = compileTemplate<{ readonly value: string; readonly type: string }>('Checksum', (xml, slot) => {
  xml.txt(slot.markup('value'));
  slot.leaf(xml, 'ChecksumType', 'type');
});

const PART = compileTemplate<PartRow>('Part', (xml, slot) => {
  slot.leaf(xml, 'PartNumber', 'number');
  slot.leaf(xml, 'Size', 'size');
  xml.txt(slot.markup('checksum'));
});

const PARTS = compileTemplate<PartsValues>('ObjectParts', (xml, slot) => {
  slot.leaf(xml, 'PartsCount', 'count');
  slot.leaf(xml, 'PartNumberMarker', 'marker');
  slot.leaf(xml, 'NextPartNumberMarker', 'nextMarker');
  slot.leaf(xml, 'MaxParts', 'maxParts');
  slot.leaf(xml, 'IsTruncated', 'truncated');
  slot.part(xml, 'parts', PART);
});

const ATTRIBUTES = compileDocument<AttributesValues>('GetObjectAttributesResponse', (xml, slot) => {
  slot.leaf(xml, 'ETag', 'etag');
  slot.part(xml, 'checksum', CHECKSUM);
  slot.part(xml, 'parts', PARTS);
  slot.leaf(xml, 'StorageClass', 'storageClass');
  slot.leaf(xml, 'ObjectSize', 'size');
});

/**
 * The answer of GetObjectAttributes. Other than S3, which leaves the parts of an object without checksums out, it names
 * them all with their sizes: a client that reads by parts needs those.
 */
export function objectAttributesDocument(
  info: ObjectInfo,
  wanted: ReadonlySet<ObjectAttribute>,
  paging: PartsPaging,
): string {
  const { checksum, parts } = info;
  return ATTRIBUTES.render({
    // The one place where S3 gives an entity tag without quotes.
    etag: wanted.has('ETag') ? info.etag : undefined,
    checksum:
      wanted.has('Checksum') && checksum !== undefined
        ? { value: checksumMarkup(checksum), type: checksum.type }
        : undefined,
    parts: wanted.has('ObjectParts') && parts !== undefined ? partsPage(info, parts, paging) : undefined,
    storageClass: wanted.has('StorageClass')
      ? (info.attributes.headers['x-amz-storage-class'] ?? STANDARD_STORAGE_CLASS)
      : undefined,
    size: wanted.has('ObjectSize') ? info.size : undefined,
  });
}

function partsPage(info: ObjectInfo, parts: readonly ObjectPart[], { maxParts, marker }: PartsPaging): PartsValues {
  const behind = parts.filter((part) => part.number > marker);
  const page = behind.slice(0, maxParts);
  const algorithm = info.checksum?.algorithm;
  return {
    count: parts.length,
    marker,
    nextMarker: page.at(-1)?.number ?? marker,
    maxParts,
    truncated: behind.length > page.length,
    parts: page.map(({ number, size, checksum: value }) => ({
      number,
      size,
      checksum: algorithm === undefined || value === undefined ? '' : checksumMarkup({ algorithm, value }),
    })),
  };
}
