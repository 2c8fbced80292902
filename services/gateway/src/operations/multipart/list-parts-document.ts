import type { PartsPage } from '../../objects/multipart-store.js';
import { compileDocument, compileTemplate } from '../../xml/xml-template.js';
import { checksumMarkup } from '../documents/checksum-markup.js';
import { ownerTemplate } from '../documents/owner-template.js';
import type { Owner } from '../documents/owner.js';
import { STANDARD_STORAGE_CLASS } from '../parameters/storage-class.js';

/** What the answer repeats of the request, and who began the upload. */
export interface ListPartsFacts {
  readonly bucket: string;
  readonly initiator: Owner;
  readonly marker: number;
  readonly maxParts: number;
}

interface PartRow {
  readonly number: number;
  readonly lastModified: string;
  readonly etag: string;
  readonly size: number;
  readonly checksum: string;
}

interface ListPartsValues extends ListPartsFacts {
  readonly key: string;
  readonly uploadId: string;
  readonly owner: Owner;
  readonly storageClass: string;
  readonly nextMarker: number;
  readonly truncated: boolean;
  readonly checksumAlgorithm: string | undefined;
  readonly checksumType: string | undefined;
  readonly parts: readonly PartRow[];
}

const PART = compileTemplate<PartRow>('Part', (xml, slot) => {
  slot.leaf(xml, 'PartNumber', 'number');
  slot.leaf(xml, 'LastModified', 'lastModified');
  slot.quoted(xml, 'ETag', 'etag');
  slot.leaf(xml, 'Size', 'size');
  xml.txt(slot.markup('checksum'));
});

const RESULT = compileDocument<ListPartsValues>('ListPartsResult', (xml, slot) => {
  slot.leaf(xml, 'Bucket', 'bucket');
  slot.leaf(xml, 'Key', 'key');
  slot.leaf(xml, 'UploadId', 'uploadId');
  slot.part(xml, 'initiator', ownerTemplate('Initiator'));
  slot.part(xml, 'owner', ownerTemplate('Owner'));
  slot.leaf(xml, 'StorageClass', 'storageClass');
  slot.leaf(xml, 'PartNumberMarker', 'marker');
  slot.leaf(xml, 'NextPartNumberMarker', 'nextMarker');
  slot.leaf(xml, 'MaxParts', 'maxParts');
  slot.leaf(xml, 'IsTruncated', 'truncated');
  slot.leaf(xml, 'ChecksumAlgorithm', 'checksumAlgorithm');
  slot.leaf(xml, 'ChecksumType', 'checksumType');
  slot.part(xml, 'parts', PART);
});

/** The answer of ListParts. */
export function listPartsDocument({ upload, parts, truncated }: PartsPage, facts: ListPartsFacts): string {
  return RESULT.render({
    ...facts,
    key: upload.key,
    uploadId: upload.uploadId,
    owner: facts.initiator,
    storageClass: upload.attributes.headers['x-amz-storage-class'] ?? STANDARD_STORAGE_CLASS,
    nextMarker: parts.at(-1)?.number ?? facts.marker,
    truncated,
    checksumAlgorithm: upload.checksumAlgorithm,
    checksumType: upload.checksumType,
    parts: parts.map(({ number, lastModified, etag, size, checksum }) => ({
      number,
      lastModified: lastModified.toISOString(),
      etag,
      size,
      checksum: checksumMarkup(checksum),
    })),
  });
}
