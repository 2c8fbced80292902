import type { UploadInfo, UploadsPage, UploadsQuery } from '../../objects/multipart-store.js';
import { compileDocument, compileTemplate } from '../../xml/xml-template.js';
import { COMMON_PREFIX } from '../documents/common-prefix-template.js';
import { ownerTemplate } from '../documents/owner-template.js';
import type { Owner } from '../documents/owner.js';
import { encodeListed, type KeyEncoding } from '../parameters/paging-parameters.js';
import { STANDARD_STORAGE_CLASS } from '../parameters/storage-class.js';

/** What the answer repeats of the request, and who is behind an access key. */
export interface ListUploadsFacts {
  readonly bucket: string;
  readonly uploads: UploadsQuery;
  readonly encoding: KeyEncoding;
  readonly initiatorOf: (accessKeyId: string) => Owner;
}

interface UploadRow {
  readonly key: string;
  readonly uploadId: string;
  readonly initiator: Owner;
  readonly owner: Owner;
  readonly storageClass: string;
  readonly initiated: string;
  readonly checksumAlgorithm: string | undefined;
  readonly checksumType: string | undefined;
}

interface PrefixRow {
  readonly prefix: string;
}

interface ListUploadsValues {
  readonly bucket: string;
  readonly keyMarker: string;
  readonly uploadIdMarker: string;
  readonly nextKeyMarker: string | undefined;
  readonly nextUploadIdMarker: string | undefined;
  readonly prefix: string;
  readonly delimiter: string | undefined;
  readonly encoding: string | undefined;
  readonly maxUploads: number;
  readonly truncated: boolean;
  readonly rows: readonly UploadRow[];
  readonly prefixes: readonly PrefixRow[];
}

const UPLOAD = compileTemplate<UploadRow>('Upload', (xml, slot) => {
  slot.leaf(xml, 'Key', 'key');
  slot.leaf(xml, 'UploadId', 'uploadId');
  slot.part(xml, 'initiator', ownerTemplate('Initiator'));
  slot.part(xml, 'owner', ownerTemplate('Owner'));
  slot.leaf(xml, 'StorageClass', 'storageClass');
  slot.leaf(xml, 'Initiated', 'initiated');
  slot.leaf(xml, 'ChecksumAlgorithm', 'checksumAlgorithm');
  slot.leaf(xml, 'ChecksumType', 'checksumType');
});

const RESULT = compileDocument<ListUploadsValues>('ListMultipartUploadsResult', (xml, slot) => {
  slot.leaf(xml, 'Bucket', 'bucket');
  slot.leaf(xml, 'KeyMarker', 'keyMarker');
  slot.leaf(xml, 'UploadIdMarker', 'uploadIdMarker');
  slot.leaf(xml, 'NextKeyMarker', 'nextKeyMarker');
  slot.leaf(xml, 'NextUploadIdMarker', 'nextUploadIdMarker');
  slot.leaf(xml, 'Prefix', 'prefix');
  slot.leaf(xml, 'Delimiter', 'delimiter');
  slot.leaf(xml, 'EncodingType', 'encoding');
  slot.leaf(xml, 'MaxUploads', 'maxUploads');
  slot.leaf(xml, 'IsTruncated', 'truncated');
  slot.part(xml, 'rows', UPLOAD);
  slot.part(xml, 'prefixes', COMMON_PREFIX);
});

/** The answer of ListMultipartUploads. */
export function listMultipartUploadsDocument({ entries, truncated }: UploadsPage, facts: ListUploadsFacts): string {
  const { bucket, uploads, encoding } = facts;
  const encode = (text: string): string => encodeListed(text, encoding);
  const rows: UploadRow[] = [];
  const prefixes: PrefixRow[] = [];
  for (const entry of entries) {
    if (entry.kind === 'prefix') prefixes.push({ prefix: encode(entry.prefix) });
    else rows.push(uploadRow(entry.upload, encode(entry.upload.key), facts.initiatorOf(entry.upload.initiator)));
  }
  const last = truncated ? entries.at(-1) : undefined;
  return RESULT.render({
    bucket,
    keyMarker: encode(uploads.keyMarker),
    uploadIdMarker: uploads.uploadIdMarker,
    nextKeyMarker: last && encode(last.kind === 'upload' ? last.upload.key : last.prefix),
    nextUploadIdMarker: last?.kind === 'upload' ? last.upload.uploadId : undefined,
    prefix: encode(uploads.prefix),
    delimiter: uploads.delimiter === '' ? undefined : encode(uploads.delimiter),
    encoding,
    maxUploads: uploads.limit,
    truncated,
    rows,
    prefixes,
  });
}

function uploadRow(upload: UploadInfo, key: string, initiator: Owner): UploadRow {
  return {
    key,
    uploadId: upload.uploadId,
    initiator,
    owner: initiator,
    storageClass: upload.attributes.headers['x-amz-storage-class'] ?? STANDARD_STORAGE_CLASS,
    initiated: upload.initiated.toISOString(),
    checksumAlgorithm: upload.checksumAlgorithm,
    checksumType: upload.checksumType,
  };
}
